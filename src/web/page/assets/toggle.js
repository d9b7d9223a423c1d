// The theme button: auto, light, dark; kept in this browser.
const NAMES = ["auto", "light", "dark"];
const KEY = "lightsout-theme";

function kept() {
  try { return localStorage.getItem(KEY); } catch { return null; }
}

function apply(name) {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.hidden = false;
    button.querySelector("[data-theme-name]").textContent = name;
    button.setAttribute("aria-label", `Theme: ${name}`);
  }
}

const current = () => (NAMES.includes(kept()) ? kept() : "auto");

export function turnTheme() {
  const next = NAMES[(NAMES.indexOf(current()) + 1) % NAMES.length];
  try { localStorage.setItem(KEY, next); } catch { /* it holds for this page only */ }
  apply(next);
}

export function startTheme() {
  apply(current());
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-toggle]")) turnTheme();
  });
}
