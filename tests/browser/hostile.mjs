// Pages full of strangers' markup, opened and used: nothing of it runs, and nothing of it is an element.
import { check, journey, open, picture, tell, told } from "./common.mjs";

const strange = () => ({
  ran: globalThis.ran ?? null,
  // whatever the page itself has not made
  images: [...document.images].map((one) => one.getAttribute("src")).filter((src) => !src.startsWith("/assets/")),
  scripts: [...document.scripts].map((one) => one.getAttribute("src")).filter((src) => !src?.startsWith("/assets/")),
  handlers: [...document.querySelectorAll("*")].flatMap((one) => one.getAttributeNames()).filter((name) => name.startsWith("on")),
  frames: frames.length,
});
const NOTHING = JSON.stringify({ ran: null, images: [], scripts: [], handlers: [], frames: 0 });

await journey(async (browser) => {
  const page = await open(browser);
  let shown = 0;
  for (const [at, path] of told.paths.entries()) {
    await page.goto(told.base + path);
    await page.locator("#live .live-text", { hasText: "live" }).waitFor();
    const seen = JSON.stringify(await page.evaluate(strange));
    check(seen === NOTHING, `${path} holds nothing strange`, seen);
    shown += (await page.textContent("main")).includes("onerror=globalThis.ran") ? 1 : 0;
    for (const button of await page.locator("main [data-action=hold]:visible, main [data-action=stop]:visible").all()) {
      await button.click();
      check(JSON.stringify(await page.evaluate(strange)) === NOTHING, `${path}: a dialog holds nothing strange`);
      await page.keyboard.press("Escape");
    }
    await picture(page, `hostile-${at}`, true);
  }
  check(shown >= 4, "the strangers' text is shown as text", String(shown));
  // what scripts put into the page: a filter, and the page behind a link
  await page.goto(`${told.base}/?q=${encodeURIComponent('"><img src=x onerror=globalThis.ran=1>')}`);
  check(JSON.stringify(await page.evaluate(strange)) === NOTHING, "a filter is text");
  await page.goto(`${told.base}/hold#${encodeURIComponent("<img src=x onerror=globalThis.ran=1>")}`);
  await page.locator("#hold-fault").waitFor();
  check(JSON.stringify(await page.evaluate(strange)) === NOTHING, "a link's code is text");
  await tell("seen");
});
