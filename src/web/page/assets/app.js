// The page, on top of what the server has rendered and what reads well without this.
import { startActions } from "./actions.js";
import { startKeys } from "./keys.js";
import { startLive } from "./live.js";
import { startSwap } from "./swap.js";
import { startTimes } from "./times.js";
import { startTheme } from "./toggle.js";

startTheme();
startTimes();
startSwap();
startActions();
startKeys();
startLive();
// What is newest lies at the right end.
for (const line of document.querySelectorAll("#timeline, #daily .scroller")) line.scrollLeft = line.scrollWidth;
