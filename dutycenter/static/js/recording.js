// The player: two channels drawn, marks on the time axis, keys for hands that are busy.
(() => {
  "use strict";
  const box = document.getElementById("player");
  if (!box || !window.WaveSurfer) return;
  const part = (name) => document.querySelector(`[data-player="${name}"]`);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const clock = (seconds) => {
    const whole = Math.floor(seconds);
    return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
  };

  const regions = WaveSurfer.Regions.create();
  const timeline = WaveSurfer.Timeline.create({ height: 16 });
  const wave = WaveSurfer.create({
    container: part("wave"),
    url: box.dataset.audio,
    height: 72,
    splitChannels: [
      { waveColor: colour("--bs-primary"), progressColor: colour("--bs-primary-text-emphasis") },
      { waveColor: colour("--bs-secondary"), progressColor: colour("--bs-body-color") },
    ],
    normalize: true,
    plugins: [timeline, regions],
    cspNonce: box.dataset.nonce,
  });

  const marks = JSON.parse(box.dataset.marks);
  const tints = { event: colour("--bs-primary"), note: colour("--bs-danger"), silence: colour("--bs-warning-bg-subtle") };
  let chosen = null;
  let repeats = false;
  const setRepeats = (on) => {
    repeats = on && chosen !== null;
    part("loop").classList.toggle("active", repeats);
    part("loop").setAttribute("aria-pressed", String(repeats));
  };

  wave.on("ready", () => {
    for (const mark of marks) {
      regions.addRegion({ start: mark.at, end: mark.until, color: tints[mark.kind], drag: false, resize: false });
    }
    regions.enableDragSelection({ color: "rgba(31, 78, 121, .15)" });
    regions.on("region-created", (region) => {
      if (chosen) chosen.remove();
      chosen = region;
      setRepeats(true);
      region.play();
    });
    regions.on("region-out", (region) => { if (repeats && region === chosen) region.play(); });
    part("play").disabled = false;
    part("play").focus();
  });
  wave.on("error", () => { part("error").hidden = false; });
  wave.on("timeupdate", (seconds) => {
    part("now").textContent = part("note-clock").textContent = clock(seconds);
    part("note-at").value = Math.round(seconds * 1000);
  });
  const showState = () => {
    const [sign, word] = part("play").children;
    sign.className = wave.isPlaying() ? "bi bi-pause-fill" : "bi bi-play-fill";
    word.textContent = wave.isPlaying() ? word.dataset.playing : word.dataset.standing;
  };
  wave.on("play", showState);
  wave.on("pause", showState);

  part("play").addEventListener("click", () => wave.playPause());
  part("back").addEventListener("click", () => wave.skip(-5));
  part("forward").addEventListener("click", () => wave.skip(5));
  part("loop").addEventListener("click", () => setRepeats(!repeats));
  part("speed").addEventListener("change", (event) => wave.setPlaybackRate(Number(event.target.value), true));

  for (const mark of marks) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    item.className = "list-inline-item";
    button.type = "button";
    button.className = `btn btn-sm btn-link p-0 mark-${mark.kind}`;
    button.textContent = `${clock(mark.at)} ${mark.words}`;
    button.addEventListener("click", () => wave.setTime(mark.at));
    item.append(button);
    part("marks").append(item);
  }
})();
