// Keeps the page as fresh as the service: one stream of events, and the same page fetched again when one comes.
import { morph } from "./morph.js";
import { relative, setNow, tick } from "./times.js";

const APART_MS = 2000;
const UNREAD_MS = 10_000;
const RETRY_MS = [3000, 6000, 12000, 30000, 60000];

let shown = Date.now();
let wanted = false;
let running = false;
let last = 0;
let failures = 0;
let state = "wait";
let stream = null;

const dialogOpen = () => document.querySelector("dialog[open]") !== null;

// Buttons need JavaScript, so they come hidden.
export function enable(root = document) {
  for (const button of root.querySelectorAll("[data-action][hidden]")) button.hidden = false;
}

export async function page(url, signal) {
  const answer = await fetch(url, { headers: { "x-requested-with": "lightsout-live", accept: "text/html" }, credentials: "same-origin", cache: "no-store", signal });
  if (answer.redirected && new URL(answer.url).pathname !== new URL(url, location.href).pathname) {
    location.reload();
    throw new Error("sent elsewhere");
  }
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

const sheet = (root) => root.querySelector('link[rel="stylesheet"]')?.getAttribute("href");

export function settle(fresh) {
  setNow(fresh.getElementById("live")?.dataset.now ?? "");
  enable();
  tick();
  shown = Date.now();
}

function replace(fresh) {
  if (sheet(fresh) !== sheet(document)) {
    location.reload();
    return;
  }
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (next) morph(part, next);
  }
  settle(fresh);
}

async function run() {
  running = true;
  wanted = false;
  last = Date.now();
  const url = location.href;
  try {
    const fresh = await page(url);
    // Meanwhile the reader may have gone on, or opened a dialog.
    if (url !== location.href || dialogOpen()) wanted = true;
    else replace(fresh);
    if (state === "lost" && stream?.readyState === EventSource.OPEN) turn("on");
  } catch {
    turn("lost");
    setTimeout(refresh, UNREAD_MS);
  }
  running = false;
  if (wanted) schedule();
}

let timer = 0;
function schedule() {
  if (running || timer || document.hidden || dialogOpen()) return;
  timer = setTimeout(() => {
    timer = 0;
    if (!document.hidden && !dialogOpen()) run();
  }, Math.max(0, last + APART_MS - Date.now()));
}

export function refresh() {
  wanted = true;
  schedule();
}

function pill() {
  const place = document.getElementById("live");
  const words = state === "on" ? "live" : "not live, trying again";
  if (place.dataset.state !== state) {
    place.dataset.state = state;
    const [dot, text, age] = ["span", "span", "span"].map((name) => document.createElement(name));
    dot.className = "live-dot";
    text.className = "live-text";
    text.textContent = words;
    age.className = "live-age";
    age.setAttribute("aria-hidden", "true");
    place.replaceChildren(dot, text, age);
  }
  const age = place.querySelector(".live-age");
  const told = state === "on" ? "" : ` · as of ${relative(shown, Date.now())}`;
  if (age.textContent !== told) age.textContent = told;
  place.title = state === "on" ? "This page follows the service" : "The stream of events is lost; what is shown may be old";
}

function turn(next) {
  state = next;
  pill();
}

function connect() {
  stream = new EventSource(document.body.dataset.stream);
  stream.addEventListener("open", () => {
    const back = state === "lost";
    failures = 0;
    turn("on");
    if (back) refresh();
  });
  stream.addEventListener("fleet", refresh);
  stream.addEventListener("error", () => {
    turn("lost");
    if (stream.readyState !== EventSource.CLOSED) return;
    setTimeout(connect, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
    failures += 1;
  });
}

export function startLive() {
  enable();
  if (!document.body.dataset.stream) return;
  connect();
  setInterval(() => { if (state === "lost") pill(); }, 5000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && wanted) schedule(); });
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("close", () => { if (wanted) schedule(); });
  }
}
