// What every journey needs: a browser whose every complaint is kept, words with the test that started it, and pictures.
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

// One JSON object: modules, chromium, pictures (folders and a program), and what the journey itself is told.
export const told = JSON.parse(process.argv[2]);
const require = createRequire(`${told.modules}/`);
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];
const BOUND = 60_000;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const complaints = [];

// Tells the test where the journey has come, and waits until it says go on; what it says with that is returned.
export async function tell(step, value = null) {
  process.stdout.write(`${JSON.stringify({ step, value })}\n`);
  const { value: line, done } = await lines.next();
  if (done) throw new Error(`the test ended at ${step}`);
  return JSON.parse(line);
}

export function check(holds, what, seen = "") {
  if (!holds) throw new Error(`${what}: ${typeof seen === "string" ? seen : JSON.stringify(seen)}`);
}

// A page whose errors, dialogs and requests to elsewhere are complaints; `options` are those of a browser context.
export async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  context.setDefaultTimeout(BOUND);
  const page = await context.newPage();
  // a problem that the page itself shows is logged by Chromium too
  page.on("console", (line) => {
    const expected = /Failed to load resource: the server responded with a status of (40[0-9]|410|503)/;
    if (["error", "warning"].includes(line.type()) && !expected.test(line.text())) complaints.push(line.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => {
    complaints.push(`a dialog of the browser: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(told.base).origin) complaints.push(`a request to ${request.url()}`);
  });
  return page;
}

export async function picture(page, name, whole = false) {
  mkdirSync(told.pictures, { recursive: true });
  await page.screenshot({ path: `${told.pictures}/${name}.png`, fullPage: whole });
}

// Follows the service, and the buttons are there.
export async function live(page, path) {
  await page.goto(told.base + path);
  await page.locator("#live .live-text", { hasText: "live" }).waitFor();
}

// Serious findings of axe, one line each.
export async function findings(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const grave = violations.filter((one) => ["serious", "critical"].includes(one.impact));
  return grave.map((one) => `${one.impact} ${one.id} at ${one.nodes.map((node) => node.target).join(", ")}`);
}

// How many pixels the document is wider than its window.
export const wider = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

// Runs a journey in a browser of its own; what went wrong is the last line, and the end of the process.
export async function journey(steps) {
  let failed = null;
  const browser = await chromium.launch({ executablePath: told.chromium, args: FLAGS });
  try {
    await steps(browser);
    check(complaints.length === 0, "the browser complained", complaints);
  } catch (fault) {
    failed = `${fault?.stack ?? fault}; complaints: ${complaints.join(" | ")}`;
    const pages = browser.contexts().flatMap((context) => context.pages());
    if (pages[0]) await picture(pages.at(-1), `failed-${told.name}`).catch(() => {});
  }
  await browser.close();
  process.stdout.write(`${JSON.stringify(failed ? { failed } : { step: "end", value: null })}\n`);
  process.exit(failed ? 1 : 0);
}
