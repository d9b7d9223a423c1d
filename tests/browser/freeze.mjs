// Everything is frozen from the page, every page says so, and the freeze is lifted.
import { check, journey, live, open, picture, tell } from "./common.mjs";

await journey(async (browser) => {
  const page = await open(browser);
  await live(page, "/");
  await page.click("#freeze-button button");
  await page.fill("#ask input[name=reason]", "incident 4711");
  await picture(page, "freeze-1-dialog");
  await page.click("#ask-do");
  await page.locator(".banner-frozen", { hasText: "incident 4711" }).waitFor();
  check((await page.locator("[data-action=freeze]").count()) === 0, "it cannot be frozen twice");
  const one = await page.getAttribute("a[data-open]", "href");
  for (const path of ["/savings", "/week", "/operations", one, "/"]) {
    await live(page, path);
    check(await page.locator(".banner-frozen", { hasText: "incident 4711" }).isVisible(), `${path} says so`);
  }
  await tell("frozen");

  await page.locator(".next-frozen").first().waitFor();
  await picture(page, "freeze-2-frozen");
  await page.click("[data-action=unfreeze]");
  await page.click("#ask-do");
  await page.locator(".banner-frozen").waitFor({ state: "detached" });
  await page.locator("[data-action=freeze]").waitFor();
  await tell("lifted");
});
