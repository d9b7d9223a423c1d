// Speaks to the server: changes as JSON, their answers, and the short words about them.
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function problem(answer) {
  if (answer.status === 401) return "Your sign-in has ended. Load the page again to sign in.";
  const kind = answer.headers.get("content-type") ?? "";
  if (kind.includes("json")) {
    const told = await answer.json().catch(() => null);
    if (told?.detail || told?.title) return String(told.detail || told.title);
  }
  return `Lightsout answered ${answer.status} and gave no reason. Nothing is known to have changed.`;
}

export async function send(method, path, body) {
  if (!path.startsWith("/") || path.startsWith("//")) throw new Refused(0, "This address is not one of Lightsout.");
  const wish = { method, headers: { accept: "application/json", "x-requested-with": "lightsout" }, credentials: "same-origin", cache: "no-store" };
  if (method !== "DELETE") {
    wish.headers["content-type"] = "application/json";
    wish.body = JSON.stringify(body ?? {});
  }
  let answer;
  try {
    answer = await fetch(path, wish);
  } catch {
    throw new Refused(0, "No answer from Lightsout. It is not known whether anything has changed; look before you try again.");
  }
  if (!answer.ok) throw new Refused(answer.status, await problem(answer));
  return answer.status === 204 ? null : answer.json().catch(() => null);
}

export function toast(words) {
  const note = document.createElement("div");
  note.className = "toast";
  note.textContent = words;
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), 6000);
}
