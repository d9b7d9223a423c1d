// What the pages behind signed links share: the token never stays in the address, is looked at first, and only a press uses it.
import { Refused, send } from "./send.js";
import { startTheme } from "./toggle.js";

const PARTS = ["wait", "ask", "done", "fault"];

export const byId = (id) => document.getElementById(id);
export const put = (name, words) => { document.querySelector(`[data-put="${name}"]`).textContent = words ?? ""; };

// A page says: `kind`, the beginning of its parts' ids; `heads`, what stands over a refusal of a status; `look` and `use`, where
// the token goes; `show(told, form)`, what was found; `body(given)`, what a press says more; `done(answer)`, what became of it.
export function startLinked(page) {
  const part = (name) => byId(`${page.kind}-${name}`);

  function only(name) {
    for (const one of PARTS) part(one).hidden = one !== name;
  }

  function fault(problem) {
    const known = page.heads[problem instanceof Refused ? problem.status : 0];
    put("fault-head", known?.[0] ?? "This did not work");
    // what the service says is a fragment, and stands here as a sentence
    const said = problem.message.replace(/^./u, (first) => first.toUpperCase()).replace(/[^.]$/u, "$&.");
    put("fault-words", [known?.[1], said].filter(Boolean).join(" "));
    only("fault");
    part("fault").focus();
  }

  async function press(token, form) {
    const given = new FormData(form);
    const reason = String(given.get("reason")).trim();
    const error = part("error");
    error.hidden = Boolean(reason);
    if (!reason) {
      error.textContent = "Give a reason: it stands on the page and in the record.";
      form.elements.reason.focus();
      return;
    }
    part("do").disabled = true;
    try {
      page.done(await send("POST", page.use, { token, reason, ...page.body(given) }));
      only("done");
      part("done").focus();
    } catch (problem) {
      if (problem.status === 409 || problem.status === 0 || problem.status >= 500) {
        error.hidden = false;
        error.textContent = problem.message;
        part("do").disabled = false;
      } else {
        fault(problem);
      }
    }
  }

  async function start() {
    startTheme();
    const token = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
    document.querySelector("[data-wait]").hidden = false;
    if (!token) {
      fault(new Refused(403, "There is no code in the address."));
      return;
    }
    const form = part("form");
    try {
      page.show(await send("POST", page.look, { token }), form);
      only("ask");
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        press(token, form);
      });
    } catch (problem) {
      fault(problem);
    }
  }

  // Another link opened in the same tab changes the fragment only.
  addEventListener("hashchange", () => location.reload());
  start();
}
