// Of all answers that are told with such a probability, how many are right: on the diagonal where that is the same.

import { h, s } from "../dom.ts";
import { percent } from "../numbers.ts";
import type { ModelFacts } from "../schema.ts";
import { text } from "../text.ts";

const SIDE = 300; // of the square, in the picture's own units
const ROOM = 46; // around it, for words

export function reliabilityPlot({ bins, ece }: NonNullable<ModelFacts["reliability"]>): HTMLElement {
  const most = Math.max(...bins.map((bin) => bin.count), 1);
  const x = (share: number) => ROOM + SIDE * share;
  const y = (share: number) => 8 + SIDE * (1 - share);
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const marks = ticks.flatMap((share) => [
    s("line", { class: "grid", x1: x(share), x2: x(share), y1: y(0), y2: y(1) }),
    s("line", { class: "grid", x1: x(0), x2: x(1), y1: y(share), y2: y(share) }),
    s("text", { x: x(share), y: y(0) + 16, "text-anchor": "middle" }, percent(share)),
    s("text", { x: ROOM - 6, y: y(share) + 4, "text-anchor": "end" }, percent(share)),
  ]);
  const dots = bins.map(({ confidence, accuracy, count }) =>
    s("circle", { cx: x(confidence), cy: y(accuracy), r: 2.5 + 6 * Math.sqrt(count / most) }, s("title", {}, text.model.bin(percent(confidence), percent(accuracy), count))),
  );
  const picture = s(
    "svg",
    { viewBox: `0 0 ${SIDE + ROOM + 24} ${SIDE + 52}`, class: "reliability", role: "img", "aria-label": text.model.reliabilityWords(percent(ece)) },
    ...marks,
    s("line", { class: "ideal", x1: x(0), y1: y(0), x2: x(1), y2: y(1) }),
    ...dots,
    s("text", { x: x(0.5), y: y(0) + 36, "text-anchor": "middle" }, text.model.told),
  );
  const table = h(
    "details",
    {},
    h("summary", {}, text.model.asTable),
    h(
      "table",
      { class: "lined" },
      h("thead", {}, h("tr", {}, ...text.model.binColumns.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, ...bins.map((bin) => h("tr", {}, h("td", {}, percent(bin.confidence)), h("td", {}, percent(bin.accuracy)), h("td", {}, String(bin.count))))),
    ),
  );
  return h("div", {}, h("p", {}, text.model.calibrationWords(percent(ece))), h("figure", {}, picture), table);
}
