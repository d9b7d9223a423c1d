// Times: the reader's own zone, the policy's beside it, and countdowns that tick.
const NEAR_SECONDS = 3600;
const DAY_MS = 86_400_000;
const clock = new Intl.DateTimeFormat("en-GB", {
  weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short",
});
const civilDay = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit" });

// The server's clock minus ours: countdowns follow the server, whose clock decides (and which a demo speeds up).
let ahead = 0;

export function setNow(iso) {
  const at = Date.parse(iso);
  if (!Number.isNaN(at)) ahead = at - Date.now();
}

export const serverNow = () => Date.now() + ahead;

// A length in its two largest units: "1 h 20 m". Seconds only where they matter.
export function length(seconds) {
  const s = Math.floor(Math.abs(seconds));
  const [d, h, m] = [Math.floor(s / 86400), Math.floor((s % 86400) / 3600), Math.floor((s % 3600) / 60)];
  if (d) return `${d} d ${h} h`;
  if (h) return `${h} h ${m} m`;
  if (m >= 10) return `${m} m`;
  if (m) return `${m} m ${String(s % 60).padStart(2, "0")} s`;
  return `${s} s`;
}

export function relative(at, now = serverNow()) {
  const seconds = (at - now) / 1000;
  if (seconds >= 1) return `in ${length(seconds)}`;
  if (seconds > -60) return "just now";
  return `${length(seconds).replace(/ \d+ s$/, "")} ago`;
}

// In the reader's own zone, with as much of the date as is needed.
export function own(at, now = serverNow(), full = false) {
  const p = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]));
  const time = `${p.hour}:${p.minute} ${p.timeZoneName}`;
  if (!full && civilDay.format(at) === civilDay.format(now)) return time;
  if (!full && at > now && at - now < 6 * DAY_MS) return `${p.weekday} ${time}`;
  return `${p.weekday} ${p.day} ${p.month} ${time}`;
}

function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function show(node, now) {
  const at = Date.parse(node.dateTime);
  if (Number.isNaN(at)) return;
  if (node.dataset.when === "rel") {
    put(node, relative(at, now));
    node.toggleAttribute("data-near", at > now && at - now < NEAR_SECONDS * 1000);
  } else {
    put(node, own(at, now));
    const zone = node.nextElementSibling;
    if (zone?.classList.contains("zone")) {
      const here = own(at, now, true);
      const { local } = node.dataset;
      const sameDay = !/^[A-Z]/.test(local) || local.startsWith(here.slice(0, 3));
      zone.hidden = sameDay && local.includes(here.match(/\d\d:\d\d/)[0]);
    }
  }
  const title = [`${own(at, now, true)} here`, node.dataset.text, node.dataset.local && `${node.dataset.local} by its policy`];
  const words = title.filter(Boolean).join(" · ");
  if (node.title !== words) node.title = words;
}

export function tick(root = document) {
  const now = serverNow();
  for (const node of root.querySelectorAll("time[data-when]")) show(node, now);
}

export function startTimes() {
  setNow(document.getElementById("live")?.dataset.now ?? "");
  tick();
  setInterval(() => { if (!document.hidden) tick(); }, 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
}
