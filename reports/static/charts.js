// Draws every [data-chart] with ECharts, on a canvas: the page's policy allows no styles in markup, so tooltips are drawn too.
(() => {
  "use strict";
  const FILLS = ["#1f3a5f", "#d98c00", "#8fa9c4", "#7a7a7a", "#c9d6e3", "#e4e4e4"];
  const LINES = ["#b3261e", "#2e7d5b"];
  const PATTERNS = [null, { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [3, 4], rotation: 0.78, color: "rgba(255,255,255,.55)" }, null,
    { symbol: "circle", symbolSize: 0.6, color: "rgba(255,255,255,.7)" }, null, { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: -0.78, color: "rgba(0,0,0,.35)" }];
  const FONT = getComputedStyle(document.body).fontFamily;
  const drawn = [];

  function series(told) {
    let fills = 0;
    let lines = 0;
    const sums = told.categories.map((_, at) => told.series.filter((one) => !one.line).reduce((sum, one) => sum + one.values[at], 0));
    return told.series.map((one) => {
      const data = told.shares ? one.values.map((value, at) => ({ value: sums[at] ? (100 * value) / sums[at] : 0, count: value })) : one.values;
      if (one.line) {
        const colour = LINES[lines];
        lines += 1;
        return { name: one.name, type: "line", data, symbolSize: 5, color: colour, lineStyle: { width: 2, type: lines > 1 ? "dashed" : "solid" } };
      }
      const at = fills % FILLS.length;
      fills += 1;
      return { name: one.name, type: "bar", stack: one.stack, data, color: FILLS[at], barMaxWidth: 34, itemStyle: { decal: PATTERNS[at] || undefined, borderColor: "#1f3a5f", borderWidth: 0.5 } };
    });
  }

  function option(told) {
    const room = told.categories.length > 4 ? 14 : 20;  // letters of a name
    const names = { type: "category", data: told.categories.map((name) => (name.length > room ? `${name.slice(0, room - 1)}…` : name)), inverse: told.lying, axisTick: { show: false }, triggerEvent: true, axisLabel: told.categories.length > 12 ? {} : { interval: 0 } };
    const values = { type: "value", minInterval: 1, max: told.shares ? 100 : null, axisLabel: { formatter: told.shares ? "{value}%" : undefined }, name: told.shares ? "" : told.unit, nameTextStyle: { align: told.lying ? "right" : "left" } };
    const say = (items) => [told.categories[items[0].dataIndex], ...items.map((item) => `${item.seriesName}: ${told.shares ? `${item.data.count} (${item.value.toFixed(1)}%)` : (item.value ?? "–").toLocaleString("en")}`)].join("\n");
    return {
      animation: false,
      backgroundColor: "#ffffff",
      textStyle: { fontFamily: FONT },
      aria: { enabled: true, label: { enabled: false }, decal: { show: false } },  // the title and the list below say it
      grid: { left: 8, right: 16, top: 44, bottom: 4, containLabel: true },
      legend: { top: 6, type: "scroll", itemWidth: 16, itemHeight: 10 },
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, axisPointer: { type: "shadow" }, formatter: say },
      xAxis: told.lying ? values : names,
      yAxis: told.lying ? names : values,
      series: series(told),
    };
  }

  function follow(told, at) {
    const path = told.links[at];
    if (!path) return;
    if (told.drill && window.htmx && document.getElementById("drill")) {
      htmx.ajax("GET", path, { target: "#drill", swap: "innerHTML" }).then(() => document.getElementById("drill").scrollIntoView({ block: "nearest", behavior: "smooth" }));
    } else location.assign(path);
  }

  function draw(element) {
    const told = JSON.parse(element.dataset.chart);
    const chart = echarts.init(element, null, { renderer: "canvas" });
    chart.setOption(option(told));
    if (told.links.length) {
      chart.getZr().on("click", (event) => {
        const grid = { gridIndex: 0 };
        if (!chart.containPixel(grid, [event.offsetX, event.offsetY])) return;
        const [x, y] = chart.convertFromPixel(grid, [event.offsetX, event.offsetY]);
        follow(told, told.lying ? y : x);
      });
      chart.getZr().on("mousemove", (event) => chart.getZr().setCursorStyle(chart.containPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]) ? "pointer" : "default"));
    }
    drawn.push(chart);
    element.closest("figure")?.querySelector("[data-picture]")?.addEventListener("click", () => save(chart, told));
  }

  function save(chart, told) {
    const link = document.createElement("a");
    link.href = chart.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: "#ffffff" });
    link.download = `${told.title}.png`;
    link.click();
  }

  const drawAll = (root) => root.querySelectorAll("[data-chart]").forEach(draw);
  drawAll(document);
  document.addEventListener("htmx:afterSettle", (event) => event.target.id === "statistics" && drawAll(event.target));
  window.addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
})();
