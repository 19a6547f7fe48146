// The public API of the package `dubbing`; whatever is not exported here may change without notice.
export type { Cast, CastMember, CastSample } from './domain/cast.js';
export type {
  LineFailure,
  Script,
  TranslatedLine,
  Translation,
  Utterance,
} from './domain/script.js';
export type { Span } from './domain/time.js';
export type { Segment, Transcript, Word } from './domain/transcript.js';
export { DubError, type DubErrorCode, type DubErrorDetails, exitNumbers } from './errors.js';
export { findMediaTools, type MediaTools } from './media/tools.js';
export type { OutputSummary, RunEvent, RunSummary } from './pipeline/events.js';
export type { Chosen, DubJob, RunPlan, RunTools, Target } from './pipeline/job.js';
export { dub } from './pipeline/run.js';
export type {
  AsrDefinition,
  AsrLimits,
  AsrProvider,
  AsrReply,
  AsrRequest,
  AsrWay,
  AsrWish,
  SubtitleTrack,
} from './providers/asr/contract.js';
export {
  noNotes,
  type ProviderBase,
  type ProviderDefinition,
  type ProviderKind,
  type ProviderTools,
  type Readiness,
  type ReplyNotes,
  type Units,
} from './providers/contract.js';
export { defineProvider, type ProviderByKind } from './providers/define.js';
export type { StorageDefinition, StorageProvider, StoredFile } from './providers/storage/contract.js';
export type {
  LengthBudget,
  TranslationAnswer,
  TranslationDefinition,
  TranslationLimits,
  TranslationLine,
  TranslationProvider,
  TranslationReply,
  TranslationRequest,
} from './providers/translation/contract.js';
export type {
  TtsDefinition,
  TtsLimits,
  TtsProvider,
  TtsReply,
  TtsRequest,
  Voice,
} from './providers/tts/contract.js';
