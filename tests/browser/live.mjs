// What changes in Azure shows on the open page; and without JavaScript the fleet is read and sorted by links.
import { check, journey, live, open, picture, tell, told } from "./common.mjs";

const names = (page) => page.locator("a[data-open]").allTextContents();

await journey(async (browser) => {
  const page = await open(browser);
  await live(page, "/?sort=name");
  const row = page.locator("tr[data-row]", { hasText: told.changes });
  await row.locator(".state-stopped").waitFor();
  const before = await page.textContent("#tiles");
  await page.evaluate(() => { globalThis.sameDocument = true; });
  await tell("open");
  await row.locator(".state-running").waitFor();
  check(await page.evaluate(() => globalThis.sameDocument === true), "nothing was loaded anew");
  check((await page.textContent("#tiles")) !== before, "the figures follow", before);

  const plain = await open(browser, { javaScriptEnabled: false });
  await plain.goto(`${told.base}/?sort=name`);
  const up = await names(plain);
  await plain.click("th.c-name a");
  await plain.waitForURL("**desc=1**");
  const down = await names(plain);
  check(up.length === 3 && down.join() === up.toReversed().join(), "sorted the other way round", { up, down });
  check((await plain.locator("[data-action]:visible, [data-theme-toggle]:visible").count()) === 0, "no dead button");
  await plain.fill("input[name=q]", up[1]);
  await plain.click("form button[data-no-js]");
  check((await names(plain)).join() === up[1], "filtered by the form", await names(plain));
  await picture(plain, "live-no-js");
  await plain.goto(`${told.base}/hold`);
  check((await plain.textContent("main")).includes("needs JavaScript"), "the link's page says what it needs");
});
