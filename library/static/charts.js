// Stacked bars from the JSON beside them, in the colours of the theme. The same figures stand on the page as a table.
(() => {
  const colour = (name) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };
  const ticks = () => ({ color: colour("--ink-2"), font: { size: 12 } });

  const bars = (canvas) => {
    const data = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
    return new Chart(canvas, {
      type: "bar",
      data: {
        labels: data.days,
        datasets: data.series.map((one) => ({
          label: one.name, data: one.values, backgroundColor: colour(one.colour),
          stack: "a", borderRadius: 2, maxBarThickness: 30,
        })),
      },
      options: {
        animation: false, maintainAspectRatio: false, interaction: { mode: "index", intersect: false },
        plugins: { legend: { display: false } },
        scales: {
          x: {
            stacked: true, grid: { display: false }, border: { color: colour("--line-input") },
            ticks: { ...ticks(), maxRotation: 0, autoSkip: true, autoSkipPadding: 14 },
          },
          y: {
            stacked: true, beginAtZero: true, border: { display: false }, grid: { color: colour("--line") },
            ticks: { ...ticks(), maxTicksLimit: 5, precision: 0 },
          },
        },
      },
    });
  };

  let drawn = [];
  const draw = () => {
    drawn.forEach((chart) => chart.destroy());
    drawn = [...document.querySelectorAll("canvas[data-chart]")].map(bars);
  };
  addEventListener("DOMContentLoaded", () => {
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    draw();
    addEventListener("theme", draw);
  });
})();
