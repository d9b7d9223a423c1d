// Pages for nobody in particular (sign in, a problem): the theme and the times.
import { startTimes } from "./times.js";
import { startTheme } from "./toggle.js";

startTheme();
startTimes();
