// Everything by keyboard: rows, filter, pages, actions. Keys are left alone while something is typed or asked.
import { turnTheme } from "./toggle.js";

const PAGES = { f: "/", s: "/savings", w: "/week", o: "/operations" };
const LEADER_MS = 1200;
let leader = 0;

const rows = () => [...document.querySelectorAll("tr[data-row]")];
const current = () => document.activeElement?.closest("[data-row]");

function move(step) {
  const all = rows();
  const at = all.indexOf(current());
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))];
  if (!next) return;
  next.tabIndex = -1;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function press(action) {
  const row = current() ?? document.querySelector(".page-actions[data-row]");
  row?.querySelector(`[data-action="${action}"]`)?.click();
}

function filter() {
  const input = document.querySelector("[data-filter-focus]");
  input?.focus();
  input?.select();
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  h: () => press("hold"),
  x: () => press("stop"),
  t: turnTheme,
  "/": filter,
  "?": () => document.getElementById("keys")?.showModal(),
  g: () => { leader = Date.now(); },
};

function open(event) {
  if (event.target.matches("tr[data-row]")) event.target.querySelector("a")?.click();
}

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]") || event.target.closest("input, select, textarea, [contenteditable]")) {
      if (event.key === "Escape" && event.target.matches("[data-filter-focus]")) event.target.blur();
      return;
    }
    if (Date.now() - leader < LEADER_MS && Object.hasOwn(PAGES, event.key)) {
      leader = 0;
      location.assign(PAGES[event.key]);
    } else if (event.key === "Enter") {
      open(event);
    } else if (Object.hasOwn(KEYS, event.key)) {
      event.preventDefault();
      KEYS[event.key]();
    }
  });
}
