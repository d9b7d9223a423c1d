// The link of a proposal: a scanner that opens it with a browser, and the person who keeps the instance, once.
import { check, journey, open, picture, tell, told } from "./common.mjs";

const said = (page, part) => page.textContent(`[data-put="${part}"]`);

async function opened(browser, link) {
  const page = await open(browser);
  await page.goto(link);
  await page.locator("#keep-ask:visible, #keep-fault:visible").waitFor();
  check(!page.url().includes("#"), "the token does not stay in the address", page.url());
  return page;
}

await journey(async (browser) => {
  const scanner = await opened(browser, told.link);
  check(await scanner.isVisible("#keep-ask"), "a scanner uses nothing up");
  await tell("scanned");

  const page = await opened(browser, told.link);
  const offer = {};
  for (const part of ["instance", "workspace", "owner", "off", "words", "cost"]) offer[part] = await said(page, part);
  offer.buttons = await page.locator("#keep-ask button").allTextContents();
  await picture(page, "keep-1-asked");
  await page.click("#keep-do");
  check(await page.isVisible("#keep-error"), "a reason is asked for");
  await page.fill("#keep-form input[name=reason]", "the thesis is not handed in");
  await page.locator("#keep-form .choice").nth(1).click();
  await page.click("#keep-do");
  await page.locator("#keep-done").waitFor();
  offer.kept = await page.textContent("#keep-done");
  await picture(page, "keep-2-kept");
  await tell("pressed", offer);

  const again = await opened(browser, told.link);
  const used = await again.textContent("#keep-fault");
  const cut = await opened(browser, told.link.slice(0, -6));
  await tell("opened again", { used, broken: await cut.textContent("#keep-fault") });
});
