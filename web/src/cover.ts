// Covers beside tracks: a quiet square until the picture is there, and where there is none.
//
// One is asked for when it is about to be seen, two at a time, so that nothing else waits for them; what came is kept as
// long as the page is open.

import { api } from "./api.ts";
import { h } from "./dom.ts";

const AT_A_TIME = 2;
const AHEAD = "300px"; // outside the window

interface Wanted {
  frame: HTMLElement;
  address: string;
  pixels: number;
  words: string;
}

const known = new Map<string, string | null>(); // by address and size: the picture's own address in this browser
const wanted = new Map<Element, Wanted>();
let waiting: Wanted[] = [];
let active = 0;

const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      const each = wanted.get(target);
      if (!isIntersecting || !each) continue;
      forget(target);
      waiting.push(each);
    }
    waiting = waiting.filter(({ frame }) => frame.isConnected); // lists that were left
    for (const target of wanted.keys()) if (!target.isConnected) forget(target);
    next();
  },
  { rootMargin: AHEAD },
);

function forget(target: Element): void {
  wanted.delete(target);
  seen.unobserve(target);
}

// The cover of a track, by the address that the server names, in so many CSS pixels; without words it is an ornament.
export function coverOf(address: string, pixels: number, words = ""): HTMLElement {
  const frame = h("span", { class: "cover" });
  frame.style.setProperty("--cover", `${pixels}px`);
  const each = { frame, address, pixels: 2 * pixels, words };
  const found = known.get(keyOf(each));
  if (found) show(each, found);
  else if (found === undefined) {
    wanted.set(frame, each);
    seen.observe(frame);
  }
  return frame;
}

function keyOf({ address, pixels }: Wanted): string {
  return `${pixels} ${address}`;
}

function next(): void {
  while (active < AT_A_TIME) {
    const each = waiting.shift();
    if (!each) return;
    active += 1;
    void fetched(each).finally(() => {
      active -= 1;
      next();
    });
  }
}

async function fetched(each: Wanted): Promise<void> {
  const key = keyOf(each);
  if (!known.has(key)) {
    try {
      const found = await api.picture(each.address, { size: each.pixels, or_nothing: true });
      known.set(key, found && URL.createObjectURL(found));
    } catch {
      return; // it may be there another time
    }
  }
  const found = known.get(key);
  if (found) show(each, found);
}

function show({ frame, words }: Wanted, found: string): void {
  frame.replaceChildren(h("img", { src: found, alt: words, draggable: "false" }));
}
