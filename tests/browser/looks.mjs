// Every page at two widths, light and dark: what is wider than its window, what is cut, and what axe finds.
import { findings, journey, open, picture, tell, told, wider } from "./common.mjs";

// Text that must be read whole, and is not.
const cut = () => [...document.querySelectorAll(".money, .state, .tag, time, .zone, .button, .figure, .bar-share, .lane-label, .next-words")]
  .filter((one) => one.checkVisibility() && one.clientWidth && !one.closest(".live-still") && getComputedStyle(one).display !== "inline" && one.scrollWidth > one.clientWidth + 1)
  .map((one) => `${one.className}: ${one.textContent.trim().slice(0, 40)}`);

// Shares of what was spent are shares of the whole.
const shares = () => {
  const sum = [...document.querySelectorAll(".bar-share")].reduce((all, one) => all + Number.parseInt(one.textContent, 10), 0);
  return sum >= 80 && sum <= 120 ? [] : [`the shares are ${sum} % together`];
};

// What a person came for, on a telephone too: in the window's width, and large enough for a finger (WCAG 2.5.8).
const reachable = (name) => {
  const wanted = { fleet: ["nav a", "[data-action=hold]", "[data-action=stop]", "[data-action=freeze]"], on: ["[data-action=hold]", "[data-action=stop]"], operations: ["[data-action=sweep]"] }[name] ?? [];
  return wanted.filter((selector) => {
    const box = [...document.querySelectorAll(selector)].find((one) => one.checkVisibility())?.getBoundingClientRect();
    return !box || box.left < 0 || box.right > innerWidth || box.height < 24 || box.width < 24;
  });
};

const DIALOGS = { "[data-action=hold]": "hold", "[data-action=stop]": "stop", "[data-action=freeze]": "freeze" };

await journey(async (browser) => {
  const faults = [];
  let pages = 0;
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [colorScheme === "light" ? 1440 : 390]) {
      const page = await open(browser, { viewport: { width, height: width < 500 ? 844 : 900 }, colorScheme, timezoneId: "America/New_York" });
      const look = async (name) => {
        const kind = `${name}-${width}-${colorScheme}`;
        const found = [...(await findings(page)), ...(await page.evaluate(cut)), ...(await page.evaluate(reachable, name)).map((one) => `out of reach: ${one}`)];
        const over = await wider(page);
        if (over > 0) found.push(`${over} px wider than the window`);
        faults.push(...found.map((one) => `${kind}: ${one}`));
        await picture(page, kind, !name.startsWith("dialog"));
      };
      for (const [name, path] of Object.entries(told.paths)) {
        await page.goto(told.base + path);
        if (name === "hold") await page.locator("#hold-fault").waitFor();
        else if (name !== "problem") await page.locator("#live .live-text", { hasText: "live" }).waitFor();
        if (name === "savings") faults.push(...(await page.evaluate(shares)));
        await look(name);
        pages += 1;
      }
      await page.goto(told.base);
      await page.locator("#live .live-text", { hasText: "live" }).waitFor();
      for (const [selector, name] of Object.entries(DIALOGS)) {
        await page.locator(selector).locator("visible=true").first().click();
        await look(`dialog-${name}`);
        await page.keyboard.press("Escape");
      }
      await page.keyboard.press("?");
      await look("dialog-keys");
      await page.context().close();
    }
  }
  await tell("seen", { faults, pages });
});
