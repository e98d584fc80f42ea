// Draws the curves of a widget over time, as SVG, and reads them out under the pointer and by keys.
//
// A curve: { index, name, unit, axis, shape, mode, colour, isLogged, points: [{ ns, ms, value, min, max, desc }] }, by time.
"use strict";
window.boardChart = (() => {
  const SPACE = "http://www.w3.org/2000/svg";
  const FONT_WIDTH = 6.4;
  const PADDING = { top: 22, right: 14, bottom: 24 };
  // Of a chart this close together, points need no marks of their own.
  const MARK_SPACE = 8;
  // How far from the pointer a curve is read that has no point at its time, pixels.
  const REACH = 14;
  const MINUTE = 60_000;
  const DAY = 86_400_000;
  const MONDAY = 4 * DAY;
  const STEPS = [1, 5, 15, 30, 60, 180, 360, 720].map((minutes) => minutes * MINUTE)
    .concat([1, 2, 7, 14].map((days) => days * DAY));
  const MONTHS = [1, 2, 3, 6, 12, 24, 60, 120];

  const svg = (name, attributes, ...children) => {
    const made = document.createElementNS(SPACE, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const html = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const round = (number) => Math.round(number * 10) / 10;

  // Least and greatest of what curves show.
  const extent = (curves, isLog) => {
    let [low, high] = [Infinity, -Infinity];
    for (const { points } of curves) for (const { value, min, max } of points) for (const number of [value, min, max]) {
      if (number == null || !Number.isFinite(number) || (isLog && number <= 0)) continue;
      low = Math.min(low, number);
      high = Math.max(high, number);
    }
    return low <= high ? [low, high] : [0, 1];
  };

  const room = ([low, high], isLog) => {
    if (isLog) return low === high ? [low / 2, high * 2] : [low / 1.1, high * 1.1];
    // Far from 0 a scale need not begin there; what is measured from 0 is seen from there.
    const bottom = low >= 0 && low < high * 0.6 ? 0 : low;
    const more = (high - bottom) * 0.06 || Math.abs(high) * 0.1 || 1;
    return [bottom === 0 ? 0 : bottom - more, high + more];
  };

  const scaleOf = (axis, curves) => {
    const isLog = axis.scaling === "log" && curves.some(({ points }) => points.some(({ value }) => value > 0));
    const labels = new Map(curves.flatMap(({ points }) => points).filter(({ desc }) => desc != null)
      .map(({ value, desc }) => [value, desc]));
    const isNamed = labels.size > 0 && labels.size <= 12 && curves.every(({ isText, points }) =>
      !isText && points.every(({ desc }) => desc != null));
    let [low, high] = extent(curves, isLog);
    [low, high] = isNamed ? [Math.min(low, 0) - 0.15, Math.max(high, 1) + 0.15] : room([low, high], isLog);
    const usable = (number) => typeof number === "number" && Number.isFinite(number) && (!isLog || number > 0);
    const least = usable(axis.min) ? axis.min : low;
    const greatest = usable(axis.max) ? axis.max : high;
    if (least < greatest) [low, high] = [least, greatest];
    const bend = isLog ? Math.log10 : (number) => number;
    const share = (number) => (number == null || !Number.isFinite(number) || (isLog && number <= 0)
      ? null : (bend(number) - bend(low)) / (bend(high) - bend(low)));
    return { low, high, isLog, share, labels: isNamed ? labels : null };
  };

  const nice = (rough) => {
    const unit = 10 ** Math.floor(Math.log10(rough));
    return unit * ([1, 2, 5].find((factor) => factor * unit * 1.2 >= rough) ?? 10);
  };

  const valueTicks = ({ low, high, isLog, labels }, height) => {
    const between = (number) => number >= low && number <= high;
    if (labels) return [...labels.keys()].filter(between);
    if (isLog) {
      const decades = Math.log10(high / low);
      const factors = decades > 3 ? [1] : [1, 2, 5];
      const first = Math.floor(Math.log10(low));
      const step = Math.max(1, Math.ceil(decades / 8));
      const ticks = [];
      for (let power = first; 10 ** power <= high; power += step) {
        ticks.push(...factors.map((factor) => factor * 10 ** power).filter(between));
      }
      return ticks;
    }
    const step = nice((high - low) / Math.max(3, Math.floor(height / 36)));
    const first = Math.ceil(low / step - 1e-9);
    const count = Math.floor(high / step + 1e-9) - first;
    // By multiplication, so that 0.1 + 0.2 does not become a label.
    return Array.from({ length: Math.min(count + 1, 50) }, (_, index) => Number(((first + index) * step).toPrecision(12)));
  };

  const timeTicks = (begin, end, most) => {
    const wanted = (end - begin) / Math.max(2, most);
    const step = STEPS.find((length) => length >= wanted);
    const ticks = [];
    if (step) {
      const offset = step >= 7 * DAY ? MONDAY : 0;
      for (let at = Math.ceil((begin - offset) / step) * step + offset; at <= end; at += step) ticks.push(at);
      return { ticks, form: step < DAY ? "hour" : "day" };
    }
    const months = MONTHS.find((number) => number * 30.4 * DAY >= wanted) ?? Math.ceil(wanted / (3652 * DAY)) * 120;
    const start = new Date(begin);
    const from = start.getUTCFullYear() * 12 + start.getUTCMonth();
    for (let month = Math.ceil(from / months) * months; ; month += months) {
      const at = Date.UTC(Math.floor(month / 12), month % 12);
      if (at > end) break;
      if (at >= begin) ticks.push(at);
    }
    return { ticks, form: "month" };
  };

  // From one point to the next.
  const SHAPES = {
    hv: (from, [x, y]) => `H${x}V${y}`,
    vh: (from, [x, y]) => `V${y}H${x}`,
    hvh: ([before], [x, y]) => `H${round((before + x) / 2)}V${y}H${x}`,
    vhv: ([, before], [x, y]) => `V${round((before + y) / 2)}H${x}V${y}`,
    linear: (from, [x, y]) => `L${x} ${y}`,
  };

  // The longest time between two neighbours, if points come at a regular pace: beyond it some are missing.
  const longestStep = (points) => {
    const steps = points.slice(1).map(({ ms }, index) => ms - points[index].ms);
    const usual = steps.toSorted((one, other) => one - other)[steps.length >> 1];
    const isRegular = steps.filter((step) => Math.abs(step - usual) < usual / 10).length >= steps.length * 0.8;
    return isRegular ? usual * 1.5 : Infinity;
  };

  // Points that follow each other without a gap, in pixels.
  const runs = (points, x, y) => {
    const found = [];
    const longest = longestStep(points);
    let run = null;
    for (const [index, point] of points.entries()) {
      const top = y(point.value);
      if (top == null) { run = null; continue; }
      if (!run || point.ms - points[index - 1].ms > longest) found.push(run = []);
      run.push({ at: [round(x(point.ms)), round(top)], point });
    }
    return found;
  };

  const drawCurve = (curve, x, y, width) => {
    const group = svg("g", { class: "curve", "data-curve": curve.index });
    group.style.setProperty("--curve", curve.colour);
    const all = runs(curve.points, x, y);
    const join = SHAPES[curve.shape] ?? SHAPES.linear;
    const hasLine = curve.mode !== "markers";
    let [band, line] = ["", ""];
    for (const run of all) {
      const ends = run.map(({ at: [left], point }) => [left, y(point.min), y(point.max)])
        .filter(([, low, high]) => low != null && high != null);
      if (ends.length) {
        band += `M${ends.map(([left, , high]) => `${left} ${round(high)}`).join("L")}`
          + `L${ends.reverse().map(([left, low]) => `${left} ${round(low)}`).join("L")}Z`;
      }
      line += run.map(({ at }, index) => (index ? join(run[index - 1].at, at) : `M${at[0]} ${at[1]}`)).join("");
    }
    if (band) group.append(svg("path", { class: "band", d: band }));
    if (hasLine && line) group.append(svg("path", { class: "line", d: line, "stroke-dasharray": curve.dash }));
    const isLoose = curve.points.length * MARK_SPACE < width || curve.mode.includes("markers");
    for (const run of all) {
      if (!isLoose && run.length > 1) continue;
      group.append(...run.map(({ at }) => svg("circle", { cx: at[0], cy: at[1], r: run.length > 1 ? 2.2 : 3 })));
    }
    return group;
  };

  // Draws into `place`; the axes are those that some curve uses, with their side.
  const draw = (place, { curves, axes, range, height, forms, label, texts }) => {
    const times = new Map(curves.flatMap(({ points }) => points.map(({ ns, ms }) => [ns, ms])));
    const order = [...times].sort((one, other) => one[1] - other[1]);
    const lookUp = curves.map(({ points }) => new Map(points.map((point) => [point.ns, point])));
    let shown = -1;
    let mark = () => {};

    const text = ({ value, desc, exact }) => desc ?? (value == null ? "–" : forms.value(value, exact));
    // What each curve says at a time, or as near to it as the pointer is.
    const reading = (index, reach) => {
      const [ns, ms] = order[index];
      return curves.map((curve, number) => {
        const point = lookUp[number].get(ns)
          ?? curve.points.find((other) => Math.abs(other.ms - ms) <= reach);
        return { curve, point, said: point ? `${text(point)}${point.desc == null && curve.unit ? ` ${curve.unit}` : ""}` : "–" };
      });
    };

    const tip = html("div", { className: "tip", hidden: true });
    tip.setAttribute("aria-hidden", "true");
    const render = () => {
      const width = Math.max(place.clientWidth, 200);
      const scales = axes.map((axis) => ({ ...axis, ...scaleOf(axis, curves.filter((curve) => curve.axis === axis.number)) }));
      const plotHeight = height - PADDING.top - PADDING.bottom;
      for (const scale of scales) {
        scale.ticks = valueTicks(scale, plotHeight);
        scale.names = scale.ticks.map((tick) => scale.labels?.get(tick) ?? forms.tick(tick, scale));
        scale.width = Math.max(24, ...scale.names.map((name) => Math.min(name.length, 14) * FONT_WIDTH + 10));
      }
      const taken = (side) => scales.filter((scale) => scale.side === side).reduce((sum, scale) => sum + scale.width, 0);
      const left = Math.max(taken("left"), 8);
      const plotWidth = Math.max(width - left - Math.max(taken("right"), PADDING.right), 40);
      const x = (ms) => (ms - range.begin) / (range.end - range.begin) * plotWidth;
      const y = (scale) => (number) => {
        const share = scale.share(number);
        return share == null ? null : (1 - share) * plotHeight;
      };

      const grid = svg("g", { class: "grid" });
      const words = svg("g", { class: "words" });
      const offsets = { left: 0, right: 0 };
      scales.forEach((scale, index) => {
        const inner = offsets[scale.side];
        offsets[scale.side] += scale.width;
        const isLeft = scale.side === "left";
        const at = isLeft ? left - inner - 6 : left + plotWidth + inner + 6;
        scale.ticks.forEach((tick, number) => {
          const top = round(PADDING.top + y(scale)(tick));
          if (index === 0) grid.append(svg("line", { x1: left, x2: left + plotWidth, y1: top, y2: top }));
          words.append(svg("text", { x: at, y: top + 4, "text-anchor": isLeft ? "end" : "start" }, scale.names[number].slice(0, 14)));
        });
        const name = scale.title.length > 28 ? `${scale.title.slice(0, 27)}…` : scale.title;
        if (inner === 0) words.append(svg("text", { class: "axis", x: isLeft ? 2 : width - 2, y: 12, "text-anchor": isLeft ? "start" : "end" }, name));
      });
      const { ticks, form } = timeTicks(range.begin, range.end, Math.floor(plotWidth / 74));
      for (const tick of ticks) {
        const at = round(left + x(tick));
        const name = forms.time(tick, form);
        grid.append(svg("line", { x1: at, x2: at, y1: PADDING.top, y2: PADDING.top + plotHeight }));
        const half = name.length * FONT_WIDTH / 2;
        if (at - half >= 0 && at + half <= width) {
          words.append(svg("text", { x: at, y: height - 8, "text-anchor": "middle" }, name));
        }
      }
      grid.append(svg("line", { class: "foot", x1: left, x2: left + plotWidth, y1: PADDING.top + plotHeight, y2: PADDING.top + plotHeight }));

      // Its own view, so that nothing is drawn outside of it.
      const plot = svg("svg", { x: left, y: PADDING.top - 4, width: plotWidth, height: plotHeight + 8,
        viewBox: `0 -4 ${plotWidth} ${plotHeight + 8}` });
      for (const curve of curves) {
        const scale = scales.find((found) => found.number === curve.axis);
        plot.append(drawCurve(curve, x, y(scale), plotWidth));
      }
      const cursor = svg("g", { class: "cursor", visibility: "hidden" });
      plot.append(cursor);
      const picture = svg("svg", { class: "picture-of-curves", width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, grid, words, plot);
      place.replaceChildren(picture, tip);

      mark = (index) => {
        shown = index;
        tip.hidden = index < 0;
        cursor.setAttribute("visibility", index < 0 ? "hidden" : "visible");
        if (index < 0) return;
        const at = round(x(order[index][1]));
        const read = reading(index, REACH * (range.end - range.begin) / plotWidth);
        const rings = read.flatMap(({ curve, point }) => {
          const top = point && y(scales.find((scale) => scale.number === curve.axis))(point.value);
          if (top == null) return [];
          const ring = svg("circle", { cx: round(x(point.ms)), cy: round(top), r: 4 });
          ring.style.setProperty("--curve", curve.colour);
          return [ring];
        });
        cursor.replaceChildren(svg("line", { x1: at, x2: at, y1: 0, y2: plotHeight }), ...rings);
        tip.replaceChildren(html("strong", { textContent: forms.instant(order[index][1]) }),
          ...read.map(({ curve, said }) => html("span", {}, html("span", { textContent: curve.name }), html("b", { textContent: said }))));
        const onRight = at > plotWidth / 2;
        tip.style.left = `${Math.max(0, left + at + (onRight ? -tip.offsetWidth - 12 : 12))}px`;
        tip.style.top = `${PADDING.top}px`;
        place.setAttribute("aria-valuenow", index);
        place.setAttribute("aria-valuetext", `${forms.instant(order[index][1])}: ${read.map(({ curve, said }) => `${curve.name} ${said}`).join(", ")}`);
      };
      const nearest = (event) => {
        const ms = range.begin + (event.clientX - place.getBoundingClientRect().left - left) / plotWidth * (range.end - range.begin);
        let [low, high] = [0, order.length - 1];
        while (low < high) {
          const middle = (low + high) >> 1;
          if (order[middle][1] < ms) low = middle + 1; else high = middle;
        }
        return low > 0 && ms - order[low - 1][1] < order[low][1] - ms ? low - 1 : low;
      };
      picture.addEventListener("pointermove", (event) => mark(nearest(event)));
      picture.addEventListener("pointerdown", (event) => mark(nearest(event)));
      picture.addEventListener("pointerleave", () => { if (document.activeElement !== place) mark(-1); });
      if (shown >= 0) mark(shown);
    };

    if (!order.length) return;
    for (const [name, value] of Object.entries({ role: "slider", tabindex: 0, "aria-label": `${label}. ${texts.keys}`,
      "aria-valuemin": 0, "aria-valuemax": order.length - 1, "aria-valuenow": order.length - 1,
      "aria-valuetext": forms.instant(order[order.length - 1][1]), "aria-orientation": "horizontal" })) place.setAttribute(name, value);
    render();
    const last = order.length - 1;
    const KEYS = { ArrowLeft: (at) => at - 1, ArrowRight: (at) => at + 1, ArrowDown: (at) => at - 1, ArrowUp: (at) => at + 1,
      PageUp: (at) => at - 10, PageDown: (at) => at + 10, Home: () => 0, End: () => last };
    place.addEventListener("keydown", (event) => {
      if (event.key === "Escape") mark(-1);
      if (!KEYS[event.key]) return;
      event.preventDefault();
      const next = KEYS[event.key](shown < 0 ? last + (event.key === "ArrowRight" ? 0 : 1) : shown);
      mark(Math.min(Math.max(next, 0), last));
    });
    place.addEventListener("blur", () => mark(-1));
    let drawn = place.clientWidth;
    new ResizeObserver(() => {
      if (!place.clientWidth || place.clientWidth === drawn) return;
      drawn = place.clientWidth;
      render();
    }).observe(place);
  };

  return { draw, html, svg };
})();
