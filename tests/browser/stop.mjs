// A stop from the page: by mistake, of what nobody uses, and of what is in use; and a start of what is off.
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

  await row(told.idle).locator("[data-action=start]").click();
  check((await page.textContent("#ask-title")) === `Start ${told.idle} now?`, "it asks first, and says what it costs");
  check(/an hour|by the hour/.test(await page.textContent("#ask-words")), "what it costs is said before");
  await picture(page, "start-1-dialog");
  await page.click("#ask-do");
  await page.locator("#toasts", { hasText: "is being started" }).waitFor();
  await tell("started");

  await press(told.busy);
  await page.click("#ask-do");
  await page.locator("#ask-error:visible").waitFor();
  await picture(page, "stop-3-refused");
  await tell("refused", await page.textContent("#ask-error"));
});
