// The link of a warning: scanners that open it with a browser, the person who presses, and a second use.
import { check, journey, open, picture, tell, told } from "./common.mjs";

const said = (page, part) => page.textContent(`[data-put="${part}"]`);

async function opened(browser, link, options = {}) {
  const page = await open(browser, options);
  await page.goto(link);
  await page.locator("#hold-ask:visible, #hold-fault:visible").waitFor();
  check(!page.url().includes("#"), "the token does not stay in the address", page.url());
  return page;
}

await journey(async (browser) => {
  for (let scans = 0; scans < 3; scans += 1) {
    const page = await opened(browser, told.link);
    check(await page.isVisible("#hold-ask"), "a scanner uses nothing up");
    await page.context().close();
  }
  await tell("scanned");

  const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, colorScheme: "dark", timezoneId: "America/New_York" };
  const page = await opened(browser, told.link, phone);
  const offer = {};
  for (const part of ["instance", "workspace", "owner", "stops", "rel", "why"]) offer[part] = await said(page, part);
  await page.locator("#hold-choices .choice").nth(1).click();
  offer.cost = await page.textContent("#hold-cost");
  offer.button = await page.textContent("#hold-do");
  await picture(page, "link-1-asked");
  await page.click("#hold-do");
  check(await page.isVisible("#hold-error"), "a reason is asked for");
  await page.fill("input[name=reason]", "the run ends at noon");
  await page.click("#hold-do");
  await page.locator("#hold-done").waitFor();
  offer.held = await page.textContent("#hold-done");
  await picture(page, "link-2-held");
  await tell("pressed", offer);

  const again = await opened(browser, told.link);
  const used = await again.textContent("#hold-fault");
  await picture(again, "link-3-used");
  const cut = await opened(browser, told.link.slice(0, -6));
  const broken = await cut.textContent("#hold-fault");
  await picture(cut, "link-4-broken");
  await tell("opened again", { used, broken });
});
