// Asks the server, and only the server that the page came from. What it refuses is a `Problem`, in its own words.

import type * as Is from "./schema.ts";
import { MOST_TRIES, patienceOf, rush, TOO_MANY, type Wait } from "./patience.ts";
import { text } from "./text.ts";

export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly hint = "",
    readonly retryAfter_s = 0,
  ) {
    super(detail);
  }
}

// Any failure as a problem with words.
export function problemOf(failure: unknown): Problem {
  if (failure instanceof Problem) return failure;
  return new Problem(0, text.failure.unreachable, text.failure.unreachableHint);
}

interface Told {
  title?: string;
  status?: number;
  detail?: string;
  hint?: string;
}

export function problemFrom(told: Told, status = 0, retryAfter_s = 0): Problem {
  const words = told.detail || told.title || text.failure.unclear;
  return new Problem(told.status ?? status, words, told.hint ?? "", retryAfter_s);
}

async function answer(response: Response): Promise<Response> {
  if (response.ok) return response;
  const told: Told = await response.json().catch(() => ({}));
  throw problemFrom(told, response.status, Number(response.headers.get("Retry-After") ?? 0));
}

// Ask again what too many wait for, when the server says; `wait` tells whoever looks, and goes on after so long.
async function patiently(ask: () => Promise<Response>, wait: Wait = rush.wait, tries = MOST_TRIES): Promise<Response> {
  for (let n = 1; ; n++) {
    const response = await ask();
    if (response.status !== TOO_MANY || n >= tries) return answer(response);
    await wait(patienceOf(response));
  }
}

async function get<T>(path: string, query: Query = {}): Promise<T> {
  return (await patiently(() => fetch(addressOf(path, query)))).json() as Promise<T>;
}

async function post(path: string, query: Query, body: BodyInit | object, ...patience: [Wait?, number?]): Promise<Response> {
  const plain = !(body instanceof FormData);
  const headers: Record<string, string> = plain ? { "Content-Type": "application/json" } : {};
  const sent = plain ? JSON.stringify(body) : body;
  return patiently(() => fetch(addressOf(path, query), { method: "POST", headers, body: sent }), ...patience);
}

type Query = Record<string, string | number | boolean | string[] | null | undefined>;

export function addressOf(path: string, query: Query = {}): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    const values = Array.isArray(value) ? value : [value];
    for (const each of values) if (each !== null && each !== undefined && each !== "") asked.append(name, String(each));
  }
  const words = asked.toString();
  return words ? `${path}?${words}` : path;
}

export type Source = { file: File } | { track: string };

function formOf(source: Source): FormData {
  const form = new FormData();
  if ("file" in source) form.append("file", source.file, source.file.name);
  else form.append("track", source.track);
  return form;
}

const one = encodeURIComponent;
const NOTHING = 204;

export const api = {
  state: () => get<Is.State>("/api/state"),
  tracks: (q: string, limit = 50, offset = 0) => get<Is.Tracks>("/api/tracks", { q, limit, offset }),
  heard: (id: string) => get<Is.Heard>(`/api/tracks/${one(id)}`),
  listen: async (source: Source, explain: boolean, wait: Wait): Promise<Is.Started> =>
    (await post("/api/listen", { wait: false, explain }, formOf(source), wait, Infinity)).json(),
  waveform: (path: string, points: number) => get<Is.Waveform>(path, { points }),
  similar: (id: string, segment: Is.Span | null, count = 8) =>
    get<Is.Similar>("/api/similar", { id, count, segment: segment && `${segment.start_s}-${segment.end_s}` }),
  find: (q: string, count = 30) => get<Is.Found>("/api/find", { q, count }),
  complete: async (q: string) => (await get<{ completions: Is.Completion[] }>("/api/complete", { q })).completions,
  arithmetic: (q: string, count = 12) => get<Is.Arithmetic>("/api/arithmetic", { q, count }),
  path: (from: string, to: string, count = 10) => get<Is.Playlist>("/api/path", { from, to, count }),
  playlist: async (wish: Is.PlaylistWish): Promise<Is.Playlist> => (await post("/api/playlist", {}, wish)).json(),
  playlistFile: async (wish: Is.PlaylistWish, format: string, name: string): Promise<Blob> =>
    (await post("/api/playlist", { format, name }, wish)).blob(),
  picture: async (path: string, query: Query = {}): Promise<Blob | null> => {
    const found = await patiently(() => fetch(addressOf(path, query), { priority: "low" }));
    return found.status === NOTHING ? null : found.blob();
  },
  map: () => get<Is.MapData>("/api/map"),
  colour: (group: string, name: string) => get<Is.Colour>("/api/map/colour", { group, name }),
  model: () => get<Is.ModelFacts>("/api/model"),
  taught: async () => (await get<{ words: Is.TeachWord[] }>("/api/teach")).words,
  teach: async (wish: { word: string; examples: string[]; counter: string[]; again: boolean }): Promise<Is.Taught> =>
    (await post("/api/teach", {}, wish)).json(),
  forget: async (word: string) => answer(await fetch(`/api/teach/${one(word)}`, { method: "DELETE" })),
  drop: (job: string) => fetch(`/api/jobs/${one(job)}`, { method: "DELETE" }),
  generate: async (wish: object): Promise<Is.Started> => (await post("/api/generate", { wait: false }, wish)).json(),
};
