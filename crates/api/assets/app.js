// Draws charts from the tables beside them, and asks the API from its forms. Pages work without it.
"use strict";
(() => {
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const lang = document.documentElement.lang || "en";
  // hi-IN groups by lakh, as the numbers of the page do.
  const locale = { en: "en", fr: "fr", hi: "hi-IN-u-nu-latn" }[lang] || lang;
  const dayName = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  const shortDay = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" });
  const minute = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric", hour: "2-digit",
    minute: "2-digit", hourCycle: "h23", timeZone: "UTC", timeZoneName: "short" });
  const shortMinute = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    timeZone: "UTC" });
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const DASHES = [[], [6, 4], [2, 3]];
  const COLOURS = 8;
  const HEIGHT = 272;

  const colour = (index) => style(`--series-${(index % COLOURS) + 1}`);
  const dash = (index) => DASHES[Math.floor(index / COLOURS) % DASHES.length];
  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  // Days without a row in the table are gaps, not lines through them.
  const read = (table) => {
    const heads = [...table.tHead.rows[0].cells].slice(1);
    const names = heads.map((cell) => cell.firstChild.textContent.trim());
    const days = [];
    const series = names.map(() => []);
    for (const row of table.tBodies[0].rows) {
      const day = Date.parse(row.cells[0].querySelector("time").dateTime) / 1000;
      while (days.length && day - days[days.length - 1] > 86400) {
        days.push(days[days.length - 1] + 86400);
        series.forEach((values) => values.push(null));
      }
      days.push(day);
      series.forEach((values, index) => {
        const data = row.cells[index + 1].querySelector("data");
        values.push(data ? Number(data.value) : null);
      });
    }
    return { names, days, series };
  };

  // Runs, the newest first in the table; one without a value says why.
  const readRuns = (table) => {
    const runs = [...table.tBodies[0].rows].reverse();
    const values = runs.map((row) => row.cells[1].querySelector("data"));
    return {
      names: [table.tHead.rows[0].cells[1].textContent.trim()],
      days: runs.map((row) => Date.parse(row.querySelector("time").dateTime) / 1000),
      series: [values.map((data) => (data ? Number(data.value) : null))],
      reasons: runs.map((row) => row.querySelector("[data-why]")?.textContent ?? row.querySelector(".unknown")?.title),
      failed: runs.map((row) => Boolean(row.querySelector("[data-why]"))),
    };
  };

  // At the foot of the plot, a mark for each run without a value.
  const gapMarks = (failed) => ({
    hooks: {
      draw: (plot) => {
        const { ctx, bbox } = plot;
        const width = 3 * devicePixelRatio;
        ctx.fillStyle = style("--bad");
        failed.forEach((isFailed, index) => {
          if (!isFailed) return;
          const x = plot.valToPos(plot.data[0][index], "x", true);
          ctx.fillRect(x - width / 2, bbox.top + bbox.height - 3 * width, width, 3 * width);
        });
      },
    },
  });
  // Values that no line shows, since both their neighbours are missing.
  const alone = (plot, index, all) =>
    (all ? null : [...plot.data[index].keys()].filter((at) => plot.data[index][at] != null
      && plot.data[index][at - 1] == null && plot.data[index][at + 1] == null));

  const swatch = (index) => {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    const line = document.createElementNS(space, "line");
    for (const [name, value] of Object.entries({ x1: 0, x2: 22, y1: 5, y2: 5, stroke: colour(index),
      "stroke-width": 3, "stroke-dasharray": dash(index).join(" ") })) line.setAttribute(name, value);
    svg.setAttribute("viewBox", "0 0 22 10");
    svg.setAttribute("aria-hidden", "true");
    svg.append(line);
    return svg;
  };

  const tooltip = (names, unit, reasons) => {
    const tip = element("div", { className: "tip", hidden: true });
    const move = (plot) => {
      const { idx, left } = plot.cursor;
      if (idx == null || left < 0) { tip.hidden = true; return; }
      const lines = names.flatMap((name, index) => {
        if (!plot.series[index + 1].show) return [];
        const value = plot.data[index + 1][idx];
        const shown = value == null ? (reasons?.[idx] ?? "–") : `${number.format(value)} ${unit}`;
        return [element("span", {}, element("span", { textContent: name }), element("b", { textContent: shown }))];
      });
      tip.replaceChildren(element("strong", { textContent: (reasons ? minute : dayName).format(plot.data[0][idx] * 1000) }), ...lines);
      tip.hidden = false;
      const onRight = left > plot.over.clientWidth / 2;
      tip.style.left = `${plot.over.offsetLeft + left + (onRight ? -tip.offsetWidth - 14 : 14)}px`;
      tip.style.top = `${plot.over.offsetTop + 8}px`;
    };
    return { hooks: { init: (plot) => plot.root.querySelector(".u-wrap").append(tip), setCursor: move } };
  };

  const draw = (figure) => {
    const place = figure.querySelector(".plot");
    const ofRuns = figure.dataset.chart === "runs";
    const { names, days, series, reasons, failed } = (ofRuns ? readRuns : read)(figure.querySelector("table"));
    const unit = figure.dataset.unit || "";
    if (!days.length) return;
    const hidden = new Set();
    const tick = ofRuns && days.at(-1) - days[0] < 2 * 86400 ? shortMinute : shortDay;
    let plot;
    const make = () => {
      plot?.destroy();
      const axis = { stroke: style("--ink-2"), grid: { stroke: style("--line"), width: 1 },
        ticks: { stroke: style("--line"), width: 1 }, font: "12px system-ui, sans-serif" };
      plot = new uPlot({
        width: place.clientWidth,
        height: HEIGHT,
        padding: [8, 8, 0, 0],
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, points: { size: 7 } },
        scales: { x: { time: true }, y: { range: (_, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.08 : 1] } },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
        axes: [
          { ...axis, size: 32, space: 70, values: (_, splits) => splits.map((split) => tick.format(split * 1000)) },
          { ...axis, size: 56, values: (_, splits) => splits.map((split) => number.format(split)) },
        ],
        series: [{}, ...names.map((name, index) => ({ label: name, stroke: colour(index), width: 2, dash: dash(index),
          show: !hidden.has(index), spanGaps: false,
          points: ofRuns ? { show: days.length <= 60, size: 5, filter: (plot, at, all) => alone(plot, at, all) }
            : { show: days.length < 2 } }))],
        plugins: ofRuns ? [tooltip(names, unit, reasons), gapMarks(failed)] : [tooltip(names, unit)],
      }, [days, ...series], place);
    };
    make();
    const legend = element("ul", { className: "legend" });
    // One line needs no legend to tell it from others.
    if (!ofRuns) names.forEach((name, index) => {
      const button = element("button", { type: "button" }, swatch(index), name);
      button.setAttribute("aria-pressed", "true");
      button.addEventListener("click", () => {
        if (!hidden.delete(index)) hidden.add(index);
        button.setAttribute("aria-pressed", String(!hidden.has(index)));
        plot.setSeries(index + 1, { show: !hidden.has(index) });
      });
      legend.append(element("li", {}, button));
    });
    if (legend.childElementCount) place.after(legend);
    new ResizeObserver(() => {
      if (place.clientWidth && place.clientWidth !== plot.width) plot.setSize({ width: place.clientWidth, height: HEIGHT });
    }).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      make();
      legend.querySelectorAll("svg").forEach((svg, index) => svg.replaceWith(swatch(index)));
    });
  };
  if (window.uPlot) document.querySelectorAll("[data-chart]").forEach(draw);

  // How long ago, by the reader's clock: pages are kept, and know no time.
  const AGES = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const ago = new Intl.RelativeTimeFormat(locale, { numeric: "always" });
  document.querySelectorAll("time[data-age]").forEach((time) => {
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    const [unit, length] = AGES.find(([, length]) => seconds >= length) ?? AGES.at(-1);
    if (!(seconds >= 0)) return;
    (time.closest("a") ?? time).after(" ", element("span", { className: "quiet age", textContent: ago.format(-Math.floor(seconds / length), unit) }));
  });

  const answer = document.getElementById("answer-card");
  const ask = async (form) => {
    const fields = new URLSearchParams(new FormData(form));
    const isPost = form.method === "post";
    const address = isPost ? form.action : `${form.action}?${fields}`;
    const started = performance.now();
    const [status, line, body] = ["status", "line", "body"].map((part) => document.getElementById(`answer-${part}`));
    answer.hidden = false;
    line.textContent = isPost ? `curl -d '${fields}' ${address}` : `curl '${address}'`;
    try {
      const response = await fetch(address, isPost ? { method: "POST", body: fields } : {});
      const text = await response.text();
      status.textContent = `${response.status} · ${Math.round(performance.now() - started)} ms · ${number.format(text.length)} B`;
      body.textContent = JSON.stringify(JSON.parse(text), null, 2);
    } catch (error) {
      body.textContent = String(error);
    }
    answer.scrollIntoView({ block: "nearest" });
  };
  document.querySelectorAll("form[data-ask]").forEach((form) => form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(form);
  }));

  // Asks for a report and looks until it is there. Without a script its name is typed into the form below.
  const FORMS = ["csv", "full", "json", "xlsx", "pdf"];
  const answered = async (response) => {
    const body = await response.json();
    if (!response.ok) throw new Error(body.detail || response.statusText);
    return body;
  };
  const report = async (form) => {
    const place = form.nextElementSibling;
    const button = form.querySelector("button");
    button.disabled = true;
    place.textContent = form.dataset.running;
    try {
      const fields = new URLSearchParams(new FormData(form));
      const { report_id: id } = await answered(await fetch(form.action, { method: "POST", body: fields }));
      document.querySelector("[name=report_id]").value = id;
      const address = `${form.dataset.report}?report_id=${id}`;
      let state;
      for (let pause = 250; !state || state.status === "Running"; pause = Math.min(pause * 1.5, 5000)) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        state = await answered(await fetch(address));
      }
      if (state.status !== "Complete") throw new Error(state.error);
      const links = FORMS.map((name) =>
        element("a", { href: `${address}&format=${name}`, download: "", textContent: name }));
      place.replaceChildren(form.dataset.complete, ...links);
    } catch (error) {
      place.textContent = error.message;
    }
    button.disabled = false;
  };
  document.querySelectorAll("form[data-report]").forEach((form) => form.addEventListener("submit", (event) => {
    event.preventDefault();
    report(form);
  }));
})();
