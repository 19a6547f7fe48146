import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFfmpeg } from '../../media/run.js';
import type { MediaTools } from '../../media/tools.js';
import { type CheckResult, runChecks } from '../../providers/conformance.js';
import { type DecodedSpeech, ttsConformance } from '../../providers/tts/conformance.js';
import type { TtsProvider } from '../../providers/tts/contract.js';

// Figures are read aloud in every language, so one text serves all voices.
const shortText = '1, 2, 3.';
const longText = '1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12.';

/**
 * Runs the safe part of the voice engines' conformance suite: it speaks a few figures and costs next to nothing.
 * @param language BCP 47; the first one its first voice speaks when undefined
 */
export async function tryVoices(
  provider: TtsProvider,
  language: string | undefined,
  media: MediaTools,
  signal: AbortSignal,
): Promise<CheckResult[]> {
  const [voice] = await provider.voices(language, signal);
  const spoken = language ?? voice?.languages[0] ?? 'en';
  const decode = (audio: Uint8Array) => decodeSpeech(audio, media, signal);
  return runChecks(ttsConformance, { provider, language: spoken, shortText, longText, decode }, { safeOnly: true });
}

/** Decodes as a run would, by ffmpeg. */
async function decodeSpeech(audio: Uint8Array, media: MediaTools, signal: AbortSignal): Promise<DecodedSpeech> {
  const folder = await mkdtemp(join(tmpdir(), 'dub-try-'));
  const [from, to] = [join(folder, 'speech'), join(folder, 'speech.raw')];
  try {
    await writeFile(from, audio);
    const options = ['-map', '0:a:0', '-ac', '1', '-ar', '16000', '-f', 's16le'];
    await runFfmpeg({ purpose: 'decode speech', inputs: [{ from }], outputs: [{ options, to }] }, media, signal);
    const bytes = await readFile(to);
    let peak = 0;
    for (let at = 0; at + 1 < bytes.length; at += 2) peak = Math.max(peak, Math.abs(bytes.readInt16LE(at)) / 32_768);
    return { durationMs: bytes.length / 32, peak };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
