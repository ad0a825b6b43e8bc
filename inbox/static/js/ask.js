// One request to our own server. The answer is placed; a refusal becomes a toast with its reason and throws.
import { place } from "./place.js";
import { toast } from "./toasts.js";
import { say } from "./words.js";

export class Refused extends Error {}

export async function ask(url, { method = "GET", body, part = "page", quiet = false } = {}) {
  let response;
  try {
    response = await fetch(url, { method, body, headers: { "X-Fragment": part, Accept: "text/html" }, credentials: "same-origin" });
  } catch {
    if (!quiet) toast(say("offline"), "error");
    throw new Refused("offline");
  }
  if (response.status === 401) {
    location.reload();
    throw new Refused("signed out");
  }
  if (response.status === 204) return response;
  const { placed, text } = place(await response.text());
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
    const response = await fetch(url, { headers: { "X-Fragment": part } });
    return response.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
  } catch {
    return null;
  }
}
