// Shows a saved dashboard: fetches it and the curves of its channels, and lays its widgets out as they were saved.
"use strict";
(() => {
  const root = document.getElementById("board");
  if (!root || !window.boardChart) return;
  const { draw, html, svg } = window.boardChart;
  const texts = root.dataset;
  const lang = document.documentElement.lang || "en";
  // hi-IN groups by lakh, as the numbers of the other pages do.
  const locale = { en: "en-GB", fr: "fr", hi: "hi-IN-u-nu-latn" }[lang] || lang;

  const COLUMNS = 12;
  const ROW = 30;
  const GAP = 10;
  const MOST_ROWS = 40;
  const LEAST_HEIGHT = 150;
  const LEAST_NARROW_HEIGHT = 200;
  // Edges of a card, and between its parts, as in the style.
  const FRAME = 26;
  const SPACE = 6.4;
  const PARALLEL = 6;
  const COLOURS = 8;
  const DASHES = ["none", "6 4", "2 3"];
  const AXES = ["y1", "y2", "y3", "y4"];
  const DAY = 86_400_000;

  const isNarrow = matchMedia("(max-width: 48rem)").matches;
  const now = Date.now();
  const range = texts.begin
    ? { begin: Number(texts.begin), end: Number(texts.end) }
    : { begin: now - Number(texts.days) * DAY, end: now };

  const utc = (options) => new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" });
  const day = { day: "numeric", month: "short" };
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const [dayTick, hourTick, monthTick, wholeDay, instant, exactInstant] =
    [day, clock, { month: "short", year: "numeric" }, { ...day, year: "numeric" }, { ...day, year: "numeric", ...clock },
      { ...day, year: "numeric", ...clock, second: "2-digit", fractionalSecondDigits: 3 }].map(utc);
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 4 });
  const tickNumber = new Intl.NumberFormat(locale, { maximumSignificantDigits: 7 });
  const shortNumber = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 2 });
  const rareNumber = new Intl.NumberFormat(locale, { notation: "scientific", maximumSignificantDigits: 4 });
  const isRare = (value) => value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e15);
  const forms = {
    value: (value) => (isRare(value) ? rareNumber : number).format(value),
    tick: (value, { low, high }) => (isRare(value) ? rareNumber
      : Math.max(-low, high) >= 100_000 ? shortNumber : tickNumber).format(value),
    time: (ms, form) => (form === "month" ? monthTick : form === "day" || ms % DAY === 0 ? dayTick : hourTick).format(ms),
    instant: (ms) => (ms % DAY === 0 ? wholeDay : ms % 60_000 === 0 ? instant : exactInstant).format(ms),
  };

  // A few requests at a time, in the order of the page.
  const waiting = [];
  let running = 0;
  const next = () => {
    if (running >= PARALLEL || !waiting.length) return;
    running += 1;
    const { work, resolve } = waiting.shift();
    work().then(resolve).finally(() => { running -= 1; next(); });
  };
  const inTurn = (work) => new Promise((resolve) => { waiting.push({ work, resolve }); next(); });

  // Numbers beyond what a script can hold stay as they were written, where the browser says how that was.
  const exactly = (_, value, context) =>
    (Number.isInteger(value) && !Number.isSafeInteger(value) ? context?.source ?? value : value);

  const detailOf = (body, fallback) => {
    const { detail } = body ?? {};
    if (typeof detail === "string") return detail;
    if (Array.isArray(detail)) return detail.map(({ loc, msg }) => `${(loc ?? []).join(".")}: ${msg}`).join("; ");
    return fallback;
  };

  // { body } or { status, detail }.
  const fetched = async (address, reviver) => {
    try {
      const response = await fetch(address);
      const text = await response.text();
      let body;
      try { body = JSON.parse(text, reviver); } catch { body = null; }
      if (response.ok && body) return { body };
      return { status: response.status, detail: detailOf(body, `${texts.failed} (${response.status})`) };
    } catch {
      return { status: 0, detail: texts.failed };
    }
  };

  const addressOf = (channel) => {
    const query = new URLSearchParams({ channel_name: channel.name, begin_time: Math.round(range.begin),
      end_time: Math.round(range.end), num_bins: Math.max(document.documentElement.clientWidth, 1), useEventsIfBinCountTooLarge: true, removeEmptyBins: true });
    if (channel.backend) query.set("backend", channel.backend);
    return `${texts.root}channels/curve?${query}`;
  };

  const asNumber = (value) => (value == null ? null : Number(value));
  // What an answer holds of a channel: points by time, or the reason why there are none.
  const readCurve = (channel, { body, status, detail }) => {
    if (!body) return { points: [], reason: status === 404 ? `${texts.unknown} (${detail})` : detail, isGap: true };
    const { name } = channel;
    const of = (key) => (Object.hasOwn(body.curve ?? {}, key) ? body.curve[key] : {});
    const [values, least, greatest, meta] = [of(name), of(`${name}_min`), of(`${name}_max`), of(`${name}_meta`)];
    if (meta.waveform) return { points: [], reason: texts.waveform, isGap: true };
    const pointMeta = meta.pointMeta ?? {};
    const points = Object.entries(values).map(([ns, exact]) => ({ ns, ms: Number(ns) / 1e6, exact, value: asNumber(exact),
      min: asNumber(least[ns]), max: asNumber(greatest[ns]), exactMin: least[ns], exactMax: greatest[ns],
      count: pointMeta[ns]?.count, desc: pointMeta[ns]?.desc }));
    points.sort((one, other) => one.ms - other.ms);
    return { points, isBinned: meta.raw === false, reason: points.length ? null : texts.empty };
  };
  const asked = new Map();
  const curveOf = (channel) => {
    const address = addressOf(channel);
    if (!asked.has(address)) asked.set(address, inTurn(() => fetched(address, exactly)));
    return asked.get(address).then((answer) => ({ address, ...readCurve(channel, answer) }));
  };

  const sameChannel = (one, other) => ["name", "backend", "type"].every((key) => one?.[key] === other?.[key]);
  const attributesOf = (settings, channel) => {
    const all = settings.curveAttributes ?? {};
    const label = `${channel.name} | ${channel.backend} | ${channel.type || "unknown"}`;
    return (Object.hasOwn(all, label) ? all[label] : Object.values(all).find((found) => sameChannel(found?.channel, channel))) ?? {};
  };

  // Axes as they were assigned; without that, one for each unit as far as there are axes.
  const axisOf = (attributes, channel, units) => {
    const assigned = AXES.indexOf(attributes.axisAssignment);
    if (assigned >= 0) return assigned;
    if (!units.includes(channel.unit)) units.push(channel.unit);
    return Math.min(units.indexOf(channel.unit), AXES.length - 1);
  };

  const paint = (attributes, index) =>
    (attributes.color && CSS.supports("color", attributes.color) ? attributes.color : `var(--series-${(index % COLOURS) + 1})`);

  const swatch = ({ colour, dash }) => {
    const picture = svg("svg", { viewBox: "0 0 22 10", class: "swatch", "aria-hidden": "true" },
      svg("line", { x1: 0, x2: 22, y1: 5, y2: 5, "stroke-dasharray": dash }));
    picture.style.setProperty("--curve", colour);
    return picture;
  };

  const legendItem = (curve, hasSeveralAxes) => {
    const item = html("li", { className: curve.isGap ? "gap" : "" });
    item.dataset.curve = curve.index;
    item.dataset.source = curve.address;
    const name = html("span", { textContent: curve.name });
    if (curve.description && curve.description !== curve.name) name.title = curve.description;
    const more = [curve.unit, hasSeveralAxes && `${texts.axis} ${AXES[curve.axis]}`].filter(Boolean).join(" · ");
    const words = html("span", {}, name);
    if (curve.reason) words.append(" ", html("span", { className: "why", textContent: curve.reason }));
    else if (more) words.append(" ", html("span", { className: "unit", textContent: more }));
    item.append(swatch(curve), words);
    return item;
  };

  const cellOf = (point) => {
    const cell = html("td", { className: "n" });
    if (!point) return cell;
    if (point.value == null) { cell.textContent = "–"; return cell; }
    const data = html("data", { value: String(point.exact), textContent: point.desc ?? forms.value(point.value) });
    cell.append(data);
    if (point.count != null) {
      Object.assign(data.dataset, { min: point.exactMin, max: point.exactMax, count: point.count });
      if (point.count > 1) cell.append(html("span", { className: "unit", textContent: ` ${forms.value(point.min)} … ${forms.value(point.max)} · ${number.format(point.count)}` }));
    }
    return cell;
  };

  const tableOf = (curves, title) => {
    const rows = new Map();
    curves.forEach((curve, column) => curve.points.forEach((point) => {
      if (!rows.has(point.ns)) rows.set(point.ns, { ms: point.ms, points: [] });
      rows.get(point.ns).points[column] = point;
    }));
    const head = html("tr", {}, html("th", { scope: "col", textContent: texts.time }), ...curves.map((curve) => {
      const more = [curve.unit, curve.isBinned && `(${texts.binCell})`].filter(Boolean).join(" ");
      const cell = html("th", { scope: "col", className: "n", textContent: `${curve.name} ` }, html("span", { className: "unit", textContent: more }));
      cell.dataset.source = curve.address;
      return cell;
    }));
    const body = [...rows].sort((one, other) => one[1].ms - other[1].ms).map(([ns, { ms, points }]) => {
      const time = html("time", { dateTime: new Date(ms).toISOString(), textContent: forms.instant(ms) });
      const row = html("tr", {}, html("th", { scope: "row" }, time), ...curves.map((_, column) => cellOf(points[column])));
      row.dataset.ns = ns;
      return row;
    });
    const table = html("table", { className: "sticky compact" }, html("caption", { className: "sr", textContent: title }),
      html("thead", {}, head), html("tbody", {}, ...body));
    const scroll = html("div", { className: "scroll tall", tabIndex: 0 }, table);
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", title);
    return scroll;
  };

  const tableBelow = (curves, title) => {
    const details = html("details", {}, html("summary", { textContent: texts.table }));
    // Made when it is asked for: a dashboard may have hundreds of thousands of values.
    details.addEventListener("toggle", () => { if (details.open && details.childElementCount === 1) details.append(tableOf(curves, title)); });
    return details;
  };

  const fill = async (card, widget, height) => {
    const settings = widget.plotSettings ?? {};
    const channels = Array.isArray(widget.channels) ? widget.channels : [];
    const title = settings.plotTitle || channels.map(({ description, name }) => description || name).slice(0, 2).join(", ") || texts.untitled;
    const heading = html("h2", { textContent: title, id: `widget-${root.childElementCount}` });
    card.setAttribute("aria-labelledby", heading.id);
    card.append(heading);
    if (!channels.length) {
      card.append(html("p", { className: "empty", textContent: texts.noChannels }));
      return;
    }
    const units = [];
    const about = channels.map((channel, index) => {
      const attributes = attributesOf(settings, channel);
      return { index, channel, axis: axisOf(attributes, channel, units), shape: attributes.curveShape ?? (channel.type === "enum" ? "hv" : "linear"),
        mode: attributes.curveMode ?? "lines", name: attributes.displayLabel || channel.name, unit: channel.unit, description: channel.description,
        colour: paint(attributes, index), dash: DASHES[Math.floor(index / COLOURS) % DASHES.length], isText: channel.type === "string" };
    });
    const place = html("div", { className: "graph" });
    place.style.height = `${height}px`;
    const legend = html("ul", { className: "curves" });
    card.append(place, legend);
    const curves = await Promise.all(about.map(async (curve) => ({ ...curve, ...await curveOf(curve.channel) })));
    const full = curves.filter(({ points }) => points.length);
    const used = AXES.map((name, axis) => ({ name, axis })).filter(({ axis }) => full.some((curve) => curve.axis === axis));
    const axes = used.map(({ name, axis }) => {
      const saved = settings.yAxisAttributes?.find?.(({ label }) => label === name) ?? {};
      const unitsOfAxis = [...new Set(full.filter((curve) => curve.axis === axis).map(({ unit }) => unit).filter(Boolean))];
      return { number: axis, side: axis % 2 ? "right" : "left", min: saved.min, max: saved.max, scaling: saved.scaling,
        title: saved.manualDisplayLabel && saved.displayLabel ? saved.displayLabel : unitsOfAxis.join(", ") };
    });
    legend.append(...curves.map((curve) => legendItem(curve, used.length > 1)));
    if (full.length) {
      const isLog = axes.some(({ scaling }) => scaling === "log") && full.some(({ points }) => points.some(({ value }) => value <= 0));
      const notes = [full.some(({ isBinned }) => isBinned) && texts.bins, isLog && texts.log].filter(Boolean);
      if (notes.length) card.append(html("p", { className: "quiet", textContent: notes.join(" · ") }));
      card.append(tableBelow(full, title));
      // What is above and below takes its part of the saved height.
      const others = [...card.children].filter((child) => child !== place);
      const taken = others.reduce((sum, child) => sum + child.offsetHeight + SPACE, FRAME);
      const left = Math.max(height - taken, isNarrow ? LEAST_NARROW_HEIGHT : LEAST_HEIGHT);
      place.style.height = `${left}px`;
      draw(place, { curves: full, axes, range, height: left, forms, label: title, texts });
    } else {
      place.style.height = "";
      place.append(html("p", { className: "empty", textContent: curves.every(({ isGap }) => !isGap) ? texts.empty : "–" }));
    }
  };

  const whole = (value, least, most) => Math.min(Math.max(Math.round(Number(value)) || 0, least), most);
  // From above and left, each as far up as those before it leave room: no two over each other, and no empty rows.
  const laidOut = (widgets) => {
    const places = widgets.map((widget) => {
      const layout = widget?.layout ?? {};
      const w = whole(layout.w, 1, COLUMNS);
      return { widget: widget ?? {}, w, x: whole(layout.x, 0, COLUMNS - w), h: whole(layout.h, 1, MOST_ROWS), y: Number(layout.y) || 0 };
    });
    places.sort((one, other) => one.y - other.y || one.x - other.x);
    const skyline = new Array(COLUMNS).fill(0);
    for (const place of places) {
      place.row = Math.max(...skyline.slice(place.x, place.x + place.w));
      skyline.fill(place.row + place.h, place.x, place.x + place.w);
    }
    return places;
  };

  const show = async () => {
    const status = document.getElementById("board-status");
    const { body, detail } = await fetched(`${texts.root}dashboard/${encodeURIComponent(texts.id)}`);
    const widgets = body?.dashboard?.widgets;
    if (!Array.isArray(widgets) || !widgets.length) {
      status.textContent = detail ?? (Array.isArray(widgets) ? texts.noWidgets : texts.broken);
      status.className = "empty";
      root.removeAttribute("aria-busy");
      return;
    }
    const cards = laidOut(widgets).map(({ widget, x, w, h, row }) => {
      const card = html("article", { className: "card widget" });
      card.style.setProperty("--column", `${x + 1} / span ${w}`);
      card.style.setProperty("--row", `${row + 1} / span ${h}`);
      root.append(card);
      // Something that is no widget does not keep the others from being shown.
      return fill(card, widget, h * (ROW + GAP) - GAP).catch((error) => {
        console.warn(error);
        card.append(html("p", { className: "empty", textContent: texts.broken }));
      });
    });
    await Promise.all(cards);
    status.hidden = true;
    root.removeAttribute("aria-busy");
  };
  show();
})();
