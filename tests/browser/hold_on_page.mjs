// The fleet, a filter, one instance, a hold with its price; and lifting it.
import { check, journey, live, open, picture, tell, told } from "./common.mjs";

await journey(async (browser) => {
  const page = await open(browser);
  await live(page, "/");
  await page.locator("tr[data-row]").nth(2).waitFor();
  await page.locator(".c-cost .money").first().waitFor();
  await picture(page, "hold-1-fleet");

  await page.fill("input[name=q]", told.held);
  await page.locator("#fleet-count", { hasText: "1 of 3 instances" }).waitFor();
  check(new URL(page.url()).searchParams.get("q") === told.held, "the filter stands in the address", page.url());
  await page.click("a[data-open]");
  await page.waitForURL("**/instance/**");
  await page.click(".page-actions [data-action=hold]");
  check((await page.textContent("#ask-title")) === `Hold ${told.held}`, "the dialog names it", await page.textContent("#ask-title"));
  const first = await page.textContent("#ask-cost");
  await page.locator("#ask .choice").nth(1).click();
  const cost = await page.textContent("#ask-cost");
  check(cost !== first, "another length costs another price", cost);
  await picture(page, "hold-2-dialog");
  await page.click("#ask-do");
  check(await page.isVisible("#ask-error"), "a reason is asked for");
  await page.fill("#ask input[name=reason]", "thesis & <b>data</b>");
  await page.keyboard.press("Enter");
  await page.locator("#toasts", { hasText: "is held" }).waitFor();
  await page.locator("#holds .hold-reason", { hasText: "thesis & <b>data</b>" }).waitFor();
  const next = await page.textContent(".hero-next");
  await picture(page, "hold-3-held", true);
  await tell("held", { cost, next });

  // the policy's file has changed: somebody says on the page that it may be used for all
  await live(page, "/operations");
  await page.click("[data-action=acknowledge]");
  await page.click("#ask-do");
  await page.locator("#toasts", { hasText: "is acknowledged" }).waitFor();
  await tell("acknowledged");

  await live(page, "/");
  const row = page.locator("tr[data-row]", { hasText: told.held });
  await page.locator("tr[data-row]", { hasText: told.other }).locator(".state-changing, .state-stopped").waitFor();
  check(!(await row.textContent()).includes("unknown today"), "what it cost today is known", await row.textContent());
  check((await row.textContent()).includes("held, ends"), "the fleet shows the hold", await row.textContent());
  await picture(page, "hold-4-past-the-deadline");
  await row.locator("a[data-open]").click();
  await page.waitForURL("**/instance/**");
  await page.click("#holds [data-action=lift]");
  await picture(page, "hold-5-lift");
  await page.click("#ask-do");
  await page.locator("#toasts", { hasText: "is lifted" }).waitFor();
  await page.locator("#holds", { hasText: "No hold." }).waitFor();
  await tell("lifted");
  await page.locator("#title .state-stopped").waitFor();
});
