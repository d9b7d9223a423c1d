// Filters while typing, and follows sort, group and page links, without a new page: the same URL, the same server.
import { enable, page, settle } from "./live.js";
import { morph } from "./morph.js";

const TYPING_MS = 250;
let flight = null;
let timer = 0;

async function go(url, { push = false, top = false } = {}) {
  flight?.abort();
  flight = new AbortController();
  const { signal } = flight;
  const main = document.getElementById("main");
  main.setAttribute("aria-busy", "true");
  try {
    const fresh = await page(url, signal);
    if (push) history.pushState(null, "", url);
    else history.replaceState(null, "", url);
    morph(main, fresh.getElementById("main"));
    document.title = fresh.title;
    settle(fresh);
    if (top) document.getElementById("fleet")?.scrollIntoView({ block: "nearest" });
  } catch (fault) {
    if (fault.name === "AbortError") return;
    location.assign(url);
  }
  main.removeAttribute("aria-busy");
  enable();
}

function wanted(form) {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value) query.append(name, value);
  const text = query.toString();
  return form.getAttribute("action") + (text ? `?${text}` : "");
}

export function startSwap() {
  const later = (form, wait) => {
    clearTimeout(timer);
    timer = setTimeout(() => go(wanted(form)), wait);
  };
  document.addEventListener("input", (event) => {
    const form = event.target.closest("[data-filter]");
    if (form && event.target.type === "search") later(form, TYPING_MS);
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest("[data-filter]");
    if (form && event.target.nodeName === "SELECT") later(form, 0);
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-filter]")) return;
    event.preventDefault();
    later(event.target, 0);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swap]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    clearTimeout(timer);
    go(link.href, { push: true, top: Boolean(link.rel) });
  });
  addEventListener("popstate", () => go(location.href));
}
