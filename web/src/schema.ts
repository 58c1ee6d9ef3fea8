// What the server answers with, as docs/serve.md and /openapi.json describe it. Times are seconds, probabilities 0 to 1.

export interface State {
  version: string;
  model: string;
  genres: string[];
  tags: { name: string; group: string }[];
  moods: string[];
  words: string[];
  collection: { model: string; count: number; songs: number; hours: number; folders: number } | null;
  no_collection: string;
  generate: boolean;
  limits: { upload_bytes: number; sound_s: number; clients_waiting: number };
  suffixes: string[];
}

export interface Item {
  id: string;
  title: string;
  artist: string;
  album: string;
  year: string;
  duration_s: number;
  kind: string;
  path: string;
  genre: string;
  probability: number;
  cover: string;
}

export interface Span {
  start_s: number;
  end_s: number;
}

export interface HeardSpan extends Span {
  probability: number;
}

export interface Segment extends Span {
  attention: number;
  probability: number | null;
  evidence: number | null;
}

export interface Moment extends Segment {
  genres: Record<string, number>;
  quiet: boolean;
}

export interface HeardTag {
  name: string;
  group: string;
  probability: number;
  spans: HeardSpan[];
  throughout: boolean;
  passing: boolean;
}

export interface MoodMoment extends Span {
  valence: number;
  arousal: number;
}

export interface Mood {
  words: string;
  emotions: Record<string, number>;
  emotions_told: string[];
  arc: MoodMoment[];
}

export interface Track {
  path: string;
  duration_s: number;
  genres: Record<string, number>;
  genre_set: string[];
  cannot_tell: boolean;
  decisive: Segment[];
  timeline: Moment[];
  model: string;
  heard: HeardTag[];
  outside: number | null;
  none_of_these: boolean;
  unread_s: number;
  notes: string[];
  mood: Mood | null;
  heard_share: number;
}

export interface Without {
  words: string;
  sentence: string;
  change: number;
  without_random: number | null;
  neighbours: { name: string; set: string; artist: string; title: string; genre: string; distance: number }[];
}

export interface Heard {
  id: string;
  name: string;
  words: string;
  sure: number;
  sentence: string;
  mood_words: string;
  track: Track;
  yours: Record<string, number>;
  waveform: string;
  spectrogram: string;
  audio: string | null;
  item?: Item | null;
  without: Without | null;
}

export interface Tracks {
  total: number;
  offset: number;
  tracks: Item[];
  note: string;
}

export interface Waveform {
  duration_s: number;
  low: number[];
  high: number[];
  peak: number;
}

export interface Match {
  rank: number;
  item: Item;
  similarity: number;
  closer_than: number | null;
  how_close: string;
  really: boolean;
  relation: string;
  reason: { segments: { here: Span; there: Span; similarity: number } | null; genres: string[]; tags: string[]; moods: string[] };
}

export interface Similar {
  segment: [number, number] | null;
  warning: string;
  matches: Match[];
}

export interface Found {
  lines: string[];
  notes: string[];
  found: { item: Item; probability: number; words: string }[];
}

export interface Completion {
  text: string;
  kind: string;
  insert: string;
  from: number;
}

export interface Arithmetic {
  understood: string;
  notes: string[];
  tracks: { item: Item; score: number }[];
}

export interface Listed {
  item: Item;
  why: string;
}

export interface Playlist {
  understood: string[];
  notes: string[];
  seed?: number;
  length_s: number;
  tracks: Listed[];
}

export interface PlaylistWish {
  like?: string[];
  from?: string;
  to?: string;
  arc?: string;
  count?: number | null;
  length_s?: number | null;
  spread?: number;
  seed?: number | null;
  spacing?: number;
  never?: string[];
  all_kinds?: boolean;
  ids?: string[];
  order?: "smooth" | "as given";
}

export interface Region {
  x: number;
  y: number;
  count: number;
  words: { name: string; here: number; overall: number }[];
}

type Ends = [string, number][];

export interface PlaneData {
  xy: number[];
  kept: number | null; // null for the atlas
  kept_each: number[] | null;
  goes_with: { right: Ends; left: Ends; up: Ends; down: Ends };
  regions: Region[];
  fine_regions: Region[];
}

export interface MapData {
  kind: "collection" | "atlas";
  model: string;
  count: number;
  ids: string[];
  titles: string[];
  artists: string[];
  genre: number[];
  genres: string[];
  probability: number[];
  planes: { curved?: PlaneData; flat?: PlaneData };
  solid: { xyz: number[]; explained: number[]; goes_with: { plus: Ends; minus: Ends }[] } | null;
  neighbours: { count: number; rows: number[][]; cosines: number[][] };
  chance: number;
  colours: { group: string; name: string }[];
  note: string;
}

export interface Colour {
  values: (number | null)[];
  low: number;
  high: number;
}

export interface ModelFacts {
  name: string;
  version: string;
  licence: string;
  created: string;
  hears: Record<string, unknown>;
  trained_on: Record<string, unknown>;
  figures: Record<string, unknown>;
  confusion: { measured: string; genres: string[]; rows_are: string; counts: number[][] } | null;
  reliability: { bins: { confidence: number; accuracy: number; count: number }[]; ece: number } | null;
  claims: { about: string; rows: { claim: string; verdict: string; figure: string }[] } | null;
  tags: unknown;
  outside: unknown;
  limits: unknown;
  not_for: string;
}

export interface TeachWord {
  word: string;
  verdict: string;
  short: string;
}

export interface Taught {
  word: string;
  verdict: string;
  sentences: string[];
}

export interface Started {
  job: string;
  events: string;
  state: string;
}

export interface PieceSource {
  id: string | null;
  path: string;
  title: string;
  artist: string;
  start_s: number; // in the piece
  end_s: number;
  from_s: number; // in the track
  to_s: number;
}

export interface Piece {
  id: string;
  audio: string;
  understood: string[];
  notes: string[];
  seconds: number;
  seed: number;
  renderer: string;
  sources: PieceSource[];
}
