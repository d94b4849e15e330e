// The player: two channels drawn, marks on the time axis, keys for hands that are busy.
(() => {
  "use strict";
  const box = document.getElementById("player");
  if (!box || !window.WaveSurfer) return;
  const part = (name) => box.querySelector(`[data-player="${name}"]`);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const clock = (seconds) => {
    const whole = Math.floor(seconds);
    return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
  };

  const wave = WaveSurfer.create({
    container: part("wave"),
    url: box.dataset.audio,
    height: 72,
    splitChannels: [
      { waveColor: colour("--bs-primary"), progressColor: colour("--bs-primary-text-emphasis") },
      { waveColor: colour("--bs-secondary"), progressColor: colour("--bs-body-color") },
    ],
    normalize: true,
    cspNonce: box.dataset.nonce,
  });

  wave.on("ready", () => {
    part("play").disabled = false;
    part("play").focus();
  });
  wave.on("error", () => { part("error").hidden = false; });
  wave.on("timeupdate", (seconds) => { part("now").textContent = clock(seconds); });
  const showState = () => {
    part("play").querySelector("i").className = wave.isPlaying() ? "bi bi-pause-fill" : "bi bi-play-fill";
  };
  wave.on("play", showState);
  wave.on("pause", showState);

  part("play").addEventListener("click", () => wave.playPause());
  part("back").addEventListener("click", () => wave.skip(-5));
  part("forward").addEventListener("click", () => wave.skip(5));
  part("speed").addEventListener("change", (event) => wave.setPlaybackRate(Number(event.target.value), true));

  for (const mark of JSON.parse(box.dataset.marks)) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    item.className = "list-inline-item";
    button.type = "button";
    button.className = "btn btn-sm btn-link p-0";
    button.textContent = `${clock(mark.at)} ${mark.words} ${mark.key}`.trim();
    button.addEventListener("click", () => wave.setTime(mark.at));
    item.append(button);
    part("marks").append(item);
  }
})();
