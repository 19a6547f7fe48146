import type { Script } from '../domain/script.js';
import type { Soundtrack, Source } from '../domain/source.js';
import { formatClock } from '../domain/time.js';
import type { Transcript } from '../domain/transcript.js';
import { askInTurn, Breaker, fallbackOf, type Link } from '../stages/chain.js';
import type { StageContext } from '../stages/context.js';
import { extract } from '../stages/extract.js';
import { segment, segmentsLeftOut } from '../stages/segment/index.js';
import { listenForOnsets } from '../stages/segment/onsets.js';
import { transcribe } from '../stages/transcribe.js';
import { recognisedOtherwise, tellUnusable } from './engines/fallbacks.js';
import { tellSpoken } from './engines/own-words.js';
import type { FallbackSummary } from './events.js';
import { type BoughtAhead, FirstLines } from './first-lines.js';
import type { DubJob } from './job.js';
import { extractKey, filesExist, needsSpeech, recognitionScope, segmentKey, transcribeKey } from './keys.js';
import { withinRange } from './range.js';
import { countOf, scriptAsSrt, toJsonText } from './readable.js';
import { withScriptEdits } from './resuming/edits.js';
import type { Session } from './session.js';

/** What every target language shares. */
export interface Shared {
  readonly source: Source;
  readonly soundtrack: Soundtrack;
  readonly transcript: Transcript;
  /** The utterances to dub: all of them, or those in the range asked for. */
  readonly script: Script;
  /** Lines that were translated while later ones were still being recognised. */
  readonly boughtAhead?: BoughtAhead | undefined;
  /** Undefined when the first recogniser did it. */
  readonly fallback?: FallbackSummary | undefined;
}

/** The stages that every target shares: extract, transcribe, segment. */
export async function prepareShared(job: DubJob, source: Source, session: Session): Promise<Shared> {
  const soundtrack = await extractSound(job, source, session);
  const firstLines = new FirstLines(job, source, soundtrack, session);
  const transcript = await recognise(job, source, soundtrack, firstLines, session);
  const segmented = await session.stage(
    { stage: 'segment' },
    (ctx) =>
      session.folder.once('segment', segmentKey(transcript, source), async () => {
        const script = segment(transcript, source.durationMs);
        // A person's subtitles stand where the person wants them; a recogniser's times are measured again.
        const { speechPath } = soundtrack;
        return speechPath === undefined ? script : listenForOnsets(script, speechPath, ctx);
      }),
    (value) => `${countOf(value.utterances.length, 'line')}, ${countOf(speakersOf(value), 'speaker')}`,
  );
  tellLeftOut(transcript, source, session);
  const script = await withScriptEdits(segmented, source.durationMs, session);
  await session.write('script.srt', scriptAsSrt(script));
  tellSpoken(job, script, (language, message) =>
    session.emit({ type: 'warning', stage: 'translate', language, message }),
  );
  return {
    ...{ source, soundtrack, transcript, script: withinRange(script, job.range) },
    boughtAhead: await firstLines.finish(),
    fallback: recognisedOtherwise(job, transcript),
  };
}

function extractSound(job: DubJob, source: Source, session: Session): Promise<Soundtrack> {
  const { folder } = session;
  const { sourceLanguage: language, audioTrack } = job;
  const choice = { language, audioTrack, needsSpeech: needsSpeech(job), speechKeeper: folder.files };
  return session.stage(
    { stage: 'extract' },
    (ctx) =>
      folder.once(
        'extract',
        extractKey(job, source),
        () => extract(source, choice, ctx),
        (value) => filesExist([value.speechPath]),
      ),
    (value) => `${formatClock(value.durationMs)} ${value.layout}, ${value.loudness.integratedLufs.toFixed(1)} LUFS`,
  );
}

async function recognise(
  job: DubJob,
  source: Source,
  soundtrack: Soundtrack,
  firstLines: FirstLines,
  session: Session,
): Promise<Transcript> {
  const { folder } = session;
  tellUnusable('transcribe', job.asr, session);
  const links = recognisers(job);
  const keys = new Map<Link, unknown>();
  for (const link of links) keys.set(link, await transcribeKey(link.job, soundtrack));
  const transcript = await session.stage(
    { stage: 'transcribe' },
    async (ctx) => {
      for (const link of links) {
        const kept = await folder.kept<Transcript>('transcribe', keys.get(link));
        if (kept !== undefined) return { value: kept, kept: true };
      }
      const { value } = await askInTurn(
        links,
        ctx.breaker ?? new Breaker(),
        (link) => folder.once('transcribe', keys.get(link), () => hear(link.job, source, soundtrack, firstLines, ctx)),
        (from, to, error) => {
          const change = fallbackOf(from.label, to.label, error);
          ctx.emit({ type: 'provider-fallback', stage: 'transcribe', ...change, utteranceIds: [] });
        },
      );
      return value;
    },
    (value) => `${countOf(value.segments.length, 'segment')}, language ${value.language}`,
  );
  await session.write('transcript.json', toJsonText(transcript));
  return transcript;
}

/** The job as each of its recognisers would do it, with the store that goes with it. */
function recognisers(job: DubJob): (Link & { readonly job: DubJob })[] {
  const { asr, otherStorages = [] } = job;
  const others = (asr.others ?? []).map((other, index) => ({
    label: other.label,
    job: { ...job, asr: other, storage: otherStorages[index] ?? job.storage },
  }));
  return [{ label: asr.label, job }, ...others];
}

async function hear(
  job: DubJob,
  source: Source,
  soundtrack: Soundtrack,
  firstLines: FirstLines,
  ctx: StageContext,
): Promise<Transcript> {
  const { asr, storage, sourceLanguage: language, speakers } = job;
  const shapedBy = await recognitionScope(job, soundtrack);
  const onDraft = firstLines.take.bind(firstLines);
  const options = { label: asr.label, language, speakers, shapedBy, onDraft };
  try {
    return await transcribe(source, soundtrack, asr.provider, storage.provider, options, ctx);
  } catch (error) {
    await firstLines.abandon();
    throw error;
  }
}

/** Music signs and the like are no lines; what lies past the end of the picture and sound is said. */
function tellLeftOut(transcript: Transcript, source: Source, session: Session): void {
  const outside = segmentsLeftOut(transcript, source.durationMs).filter(({ reason }) => reason === 'outside-programme');
  if (outside.length === 0) return;
  const ids = outside.map(({ segmentId }) => segmentId).join(', ');
  const message = `Outside the programme and left out: ${countOf(outside.length, 'segment')} (${ids}).`;
  session.emit({ type: 'warning', stage: 'segment', message });
}

function speakersOf(script: Script): number {
  return new Set(script.utterances.map((utterance) => utterance.speaker)).size;
}
