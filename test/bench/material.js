// Generates the benchmark's films and subtitles.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { watch } from './measure.js';

const clipSeconds = 30;

/** A film of `minutes` with stereo AAC, and `lines` subtitle cues in two languages. */
export async function makeMaterial(folder, minutes, lines) {
  const seconds = minutes * 60;
  const clip = join(folder, 'clip.mp4');
  const film = join(folder, `film-${minutes}.mp4`);
  const noise = `anoisesrc=c=pink:a=0.12:r=48000:d=${clipSeconds}:seed=7`;
  await watch('ffmpeg', [
    ...['-hide_banner', '-loglevel', 'error', '-y'],
    ...['-f', 'lavfi', '-i', `testsrc2=s=640x360:r=25:d=${clipSeconds}`, '-f', 'lavfi', '-i', noise],
    ...['-filter_complex', '[1:a]tremolo=f=3:d=0.6,aformat=channel_layouts=stereo[a]', '-map', '0:v', '-map', '[a]'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', '1500k', '-c:a', 'aac', '-b:a', '160k', clip],
  ]);
  const loops = Math.ceil(seconds / clipSeconds) - 1;
  await watch('ffmpeg', [
    ...['-hide_banner', '-loglevel', 'error', '-y', '-stream_loop', String(loops), '-i', clip],
    ...['-c', 'copy', '-t', String(seconds), film],
  ]);
  const script = join(folder, `film-${minutes}.en.srt`);
  const translation = join(folder, `film-${minutes}.es.srt`);
  writeFileSync(
    script,
    cues(lines, seconds, (i) => `This is sentence number ${i} of the film, neither short nor long.`),
  );
  writeFileSync(
    translation,
    cues(lines, seconds, (i) => `Esta es la frase número ${i} de la película, ni corta ni larga.`),
  );
  return { film, script, translation, seconds };
}

function cues(lines, seconds, text) {
  const every = (seconds - 2) / lines;
  const parts = Array.from({ length: lines }, (_, i) => {
    const start = 1 + i * every;
    return `${i + 1}\n${clock(start)} --> ${clock(start + Math.min(4.4, every * 0.8))}\n${text(i + 1)}\n`;
  });
  return parts.join('\n');
}

function clock(seconds) {
  const ms = Math.round(seconds * 1000);
  const pad = (value, width) => String(value).padStart(width, '0');
  const hours = Math.floor(ms / 3_600_000);
  return `${pad(hours, 2)}:${pad(Math.floor(ms / 60_000) % 60, 2)}:${pad(Math.floor(ms / 1000) % 60, 2)},${pad(ms % 1000, 3)}`;
}
