// What is drawn under a waveform, each a lane over the time of the track: what decides, genres, tags, mood, an axis.
//
// A lane draws itself with a pen that counts in CSS pixels, the whole track from left to right, and says in words what
// is seen.

import { variable } from "../dom.ts";
import { clock, percent, signed, span, ticks } from "../numbers.ts";
import { ACCENT, QUIET, sequential, sequentialTable } from "../palette.ts";
import type { HeardTag, Mood, Moment, Span, Track } from "../schema.ts";
import { text } from "../text.ts";

const MOST_GENRES = 6;
const MOST_TAGS = 8;

export interface Lane {
  name: string;
  kind: "decides" | "genre" | "tag" | "mood" | "axis";
  words: string;
  draw(pen: CanvasRenderingContext2D, width: number, height: number): void;
}

export function lanesOf(track: Track): Lane[] {
  return [
    decides(track),
    ...genresShown(track).map((name) => genre(track, name)),
    ...tagsShown(track).map((tag) => tagLane(track, tag)),
    ...(track.mood?.arc.length ? [mood(track, track.mood)] : []),
    axis(track),
  ];
}

// The genres of the answer, at least three: those that it might have been say as much.
function genresShown(track: Track): string[] {
  const ranked = Object.keys(track.genres);
  const count = Math.min(MOST_GENRES, Math.max(3, track.genre_set.filter((name) => name in track.genres).length));
  return ranked.slice(0, count);
}

function tagsShown(track: Track): HeardTag[] {
  return track.heard.filter((tag) => tag.spans.length).slice(0, MOST_TAGS);
}

function decides(track: Track): Lane {
  const weight = (moment: Moment) => moment.evidence ?? moment.attention;
  const most = Math.max(...track.timeline.map(weight), 1e-9);
  const inside = (moment: Moment) => track.decisive.some((each) => each.start_s < moment.end_s - 0.01 && moment.start_s < each.end_s - 0.01);
  return {
    name: text.lanes.decides,
    kind: "decides",
    words: text.lanes.decidesWords(track.decisive.map((each) => span(each.start_s, each.end_s)).join(", ")),
    draw(pen, width, height) {
      shadeQuiet(pen, width, height, track);
      for (const moment of track.timeline) {
        const [left, wide] = placed(moment, track, width);
        const high = (height - 2) * (weight(moment) / most);
        pen.fillStyle = inside(moment) ? ACCENT : QUIET;
        pen.fillRect(left, height - high, Math.max(0.75, wide - (wide > 3 ? 1 : 0)), high);
      }
    },
  };
}

function genre(track: Track, name: string): Lane {
  const table = sequentialTable();
  const most = [...track.timeline].sort((one, other) => (other.genres[name] ?? 0) - (one.genres[name] ?? 0))[0];
  return {
    name,
    kind: "genre",
    words: text.lanes.genreWords(name, percent(track.genres[name] ?? 0), most ? clock(most.start_s) : ""),
    draw(pen, width, height) {
      pen.fillStyle = sequential(0, table);
      pen.fillRect(0, 0, width, height);
      for (const moment of track.timeline) {
        const [left, wide] = placed(moment, track, width);
        pen.fillStyle = moment.quiet ? "#555c66" : sequential(moment.genres[name] ?? 0, table);
        pen.fillRect(left, 0, wide + 0.5, height);
      }
    },
  };
}

function tagLane(track: Track, tag: HeardTag): Lane {
  const spans = tag.spans.map((each) => span(each.start_s, each.end_s)).join(", ");
  return {
    name: tag.name,
    kind: "tag",
    words: text.lanes.tagWords(tag.name, percent(tag.probability), spans),
    draw(pen, width, height) {
      pen.fillStyle = variable("rule");
      pen.fillRect(0, height / 2 - 0.5, width, 1);
      pen.fillStyle = ACCENT;
      for (const each of tag.spans) {
        const [left, wide] = placed(each, track, width);
        pen.fillRect(left, height / 2 - 4.5, Math.max(1.5, wide), 9);
      }
    },
  };
}

function mood(track: Track, told: Mood): Lane {
  const mean = (pick: (moment: Mood["arc"][number]) => number) => told.arc.reduce((sum, each) => sum + pick(each), 0) / told.arc.length;
  return {
    name: text.lanes.mood,
    kind: "mood",
    words: text.lanes.moodWords(told.words, signed(mean((each) => each.arousal)), signed(mean((each) => each.valence))),
    draw(pen, width, height) {
      shadeQuiet(pen, width, height, track);
      pen.fillStyle = variable("rule");
      pen.fillRect(0, height / 2, width, 1);
      const y = (value: number) => height / 2 - (value * (height - 4)) / 2;
      const line = (pick: (moment: Mood["arc"][number]) => number, ink: string, dash: number[]) => {
        pen.beginPath();
        let before = -1;
        for (const moment of told.arc) {
          const [left, wide] = placed(moment, track, width);
          const joined = Math.abs(moment.start_s - before) < 0.1;
          if (joined) pen.lineTo(left + wide / 2, y(pick(moment)));
          else pen.moveTo(left + wide / 2, y(pick(moment)));
          before = moment.end_s;
        }
        pen.setLineDash(dash);
        pen.lineWidth = 2;
        pen.strokeStyle = ink;
        pen.stroke();
        pen.setLineDash([]);
      };
      line((moment) => moment.valence, variable("quiet"), [5, 3]);
      line((moment) => moment.arousal, ACCENT, []);
    },
  };
}

function axis(track: Track): Lane {
  return {
    name: "",
    kind: "axis",
    words: text.lanes.axisWords(clock(track.duration_s)),
    draw(pen, width, height) {
      pen.font = "12px system-ui, sans-serif";
      pen.textBaseline = "bottom";
      for (const time_s of ticks(track.duration_s, Math.max(2, Math.floor(width / 80)))) {
        const x = (width * time_s) / track.duration_s;
        pen.fillStyle = variable("quiet");
        pen.fillRect(Math.min(x, width - 1), 0, 1, 4);
        const half = pen.measureText(clock(time_s)).width / 2;
        pen.fillText(clock(time_s), Math.min(width - 2 * half, Math.max(0, x - half)), height);
      }
    },
  };
}

function placed(each: Span, track: Track, width: number): [number, number] {
  const scale = width / Math.max(track.duration_s, 1e-6);
  return [each.start_s * scale, (each.end_s - each.start_s) * scale];
}

// Moments that had no part in the answer.
function shadeQuiet(pen: CanvasRenderingContext2D, width: number, height: number, track: Track): void {
  pen.fillStyle = variable("rule");
  for (const moment of track.timeline) {
    if (!moment.quiet) continue;
    const [left, wide] = placed(moment, track, width);
    pen.fillRect(left, 0, wide + 0.5, height);
  }
}

// All that is told of a moment, in words.
export function momentWords(track: Track, time_s: number): string {
  const moment = track.timeline.find((each) => each.start_s <= time_s && time_s < each.end_s);
  if (!moment) return `${clock(time_s)}: ${text.lanes.notHeard}`;
  if (moment.quiet) return `${clock(time_s)}: ${text.lanes.quiet}`;
  const genres = Object.entries(moment.genres).slice(0, 2).map(([name, share]) => `${name} ${percent(share)}`);
  const weight = moment.evidence === null ? text.lanes.attention(percent(moment.attention)) : text.lanes.evidence(percent(moment.evidence));
  const tags = track.heard.filter((tag) => tag.spans.some((each) => each.start_s <= time_s && time_s < each.end_s));
  const arc = track.mood?.arc.find((each) => each.start_s <= time_s && time_s < each.end_s);
  const feeling = arc && text.lanes.feeling(signed(arc.arousal), signed(arc.valence));
  const parts = [genres.join(", "), weight, feeling, tags.map((tag) => tag.name).join(", ")];
  return `${clock(time_s)}: ${parts.filter((each) => each).join("; ")}`;
}
