// One request to our own server. The answer is placed; a refusal becomes a toast with its reason and throws. An answer that
// is no longer wanted leaves its toasts only, and null is returned.
import { place } from "./place.js";
import { toast } from "./toasts.js";
import { say } from "./words.js";

const LONGEST = 10_000; // where nobody waits for the answer

export class Refused extends Error {}

export async function ask(url, { method = "GET", body, part = "page", quiet = false, wanted = () => true } = {}) {
  let response;
  try {
    response = await fetch(url, { method, body, headers: { "X-Fragment": part, Accept: "text/html" }, credentials: "same-origin", signal: quiet ? AbortSignal.timeout(LONGEST) : null });
  } catch {
    if (!quiet) toast(say("offline"), "error");
    throw new Refused("offline");
  }
  if (response.status === 401) {
    location.reload();
    throw new Refused("signed out");
  }
  if (response.status === 204) return response;
  const html = await response.text();
  // A refused answer holds what was written: it is shown even so.
  const late = !wanted() && (response.ok || method === "GET");
  const { placed, text } = place(html, { late });
  if (late) return null;
  if (!response.ok && !placed) {
    if (!quiet) toast(text.slice(0, 300) || say("refused"), "error");
    throw new Refused(text);
  }
  return response;
}

// A part of a page that is looked at before any of it is placed; null when it cannot be had (the next look finds it).
export async function fetchPart(url, part) {
  if (!url) return null;
  try {
    const response = await fetch(url, { headers: { "X-Fragment": part }, signal: AbortSignal.timeout(LONGEST) });
    return response.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
  } catch {
    return null;
  }
}
