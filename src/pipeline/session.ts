import { randomUUID } from 'node:crypto';
import { throwIfAborted } from '../errors.js';
import type { StageContext, StageEvent } from '../stages/context.js';
import type { Kept, WorkFolder } from '../workspace/folder.js';
import type { ContentStore } from '../workspace/store.js';
import type { RunEvent, RunEventBody } from './events.js';
import type { RunTools } from './job.js';

/** One run: stamps its events, times its stages, and hands each stage its context. */
export interface Session {
  readonly folder: WorkFolder;
  emit(event: RunEventBody): void;
  /** Runs one stage, told as `stage-start` and `stage-end`; an error passes with only the start told. */
  stage<T>(
    stage: string,
    language: string | undefined,
    work: (ctx: StageContext) => Promise<Kept<T>>,
    describe: (value: T) => string,
  ): Promise<T>;
  /** Milliseconds since the run began. */
  elapsedMs(): number;
  /** Warnings given so far, in order, each once. */
  warnings(language: string | undefined): string[];
}

/** @param store the shared store: what was paid for is kept there, across inputs */
export function startSession(tools: RunTools, folder: WorkFolder, store: ContentStore): Session {
  const run = randomUUID();
  const startedAt = performance.now();
  const warned: { language: string | undefined; message: string }[] = [];
  const emit = (body: RunEventBody) => {
    const event = { v: 1, time: new Date().toISOString(), run, ...body } as RunEvent;
    if (event.type === 'warning') warned.push({ language: event.language, message: event.message });
    folder.log(JSON.stringify(event));
    tools.sink(event);
  };
  const contextFor = (language: string | undefined): StageContext => ({
    signal: tools.signal,
    scratch: folder.scratch,
    tools: tools.media,
    keeper: store,
    emit: (event: StageEvent) => emit(language === undefined ? event : { ...event, language }),
  });
  return {
    folder,
    emit,
    async stage(stage, language, work, describe) {
      throwIfAborted(tools.signal);
      const stageStart = performance.now();
      const about = language === undefined ? { stage } : { stage, language };
      emit({ type: 'stage-start', ...about });
      const { value, kept } = await work(contextFor(language));
      const ms = Math.round(performance.now() - stageStart);
      emit({ type: 'stage-end', ...about, kept, detail: describe(value), ms });
      return value;
    },
    elapsedMs: () => Math.round(performance.now() - startedAt),
    warnings: (language) => [
      ...new Set(warned.filter((warning) => warning.language === language).map((warning) => warning.message)),
    ],
  };
}
