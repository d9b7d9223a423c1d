// A stop from the page: by mistake, of what nobody uses, and of what is in use.
import { check, journey, live, open, picture, tell, told } from "./common.mjs";

await journey(async (browser) => {
  const page = await open(browser);
  await live(page, "/");
  const row = (name) => page.locator("tr[data-row]", { hasText: name });
  const press = (name) => row(name).locator("[data-action=stop]").click();
  await press(told.idle);
  check((await page.textContent("#ask-title")) === `Stop ${told.idle} now?`, "it asks first");
  await picture(page, "stop-1-dialog");
  await page.keyboard.press("Enter");
  check(!(await page.isVisible("#ask")), "Enter alone is Cancel");
  await tell("cancelled");

  await press(told.idle);
  await page.fill("#ask input[name=reason]", "not needed");
  await page.click("#ask-do");
  await page.locator("#toasts", { hasText: "is being stopped" }).waitFor();
  await tell("stopped");
  await row(told.idle).locator(".state-stopped").waitFor();
  await picture(page, "stop-2-off");

  await press(told.busy);
  await page.click("#ask-do");
  await page.locator("#ask-error:visible").waitFor();
  await picture(page, "stop-3-refused");
  await tell("refused", await page.textContent("#ask-error"));
});
