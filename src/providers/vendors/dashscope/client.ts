import type { DubError } from '../../../errors.js';
import type {
  Download,
  DownloadedFile,
  DownloadOptions,
  HttpRequest,
  Schema,
  ServiceRates,
} from '../../../net/http.js';
import type { FinishedTask, PollOptions, SubmittedTask } from './tasks.js';
import type { UploadedFile, UploadRequest } from './uploads.js';

/** A validated answer and the request ids for the receipt. */
export interface DashscopeReply<T> {
  readonly value: T;
  readonly requestIds: readonly string[];
}

/** Settings of one call; what is left out is as `HttpRequest` has it. */
export interface CallOptions extends Pick<HttpRequest, 'idempotent' | 'limits' | 'retry' | 'maxBytes' | 'onSent'> {
  /** Counts against the rates set for this model by `limit`; the body's `model` unless told. */
  readonly model?: string | undefined;
  /** Tokens it takes of the model's rate. */
  readonly tokens?: number | undefined;
}

/** How a task is submitted. */
export interface SubmitOptions extends CallOptions {
  /** Awaited before anything else happens: the place to save the id, so that nothing is paid twice. */
  onSubmitted(task: SubmittedTask): void | Promise<void>;
}

/** What an OpenAI client is made with. */
export interface SdkSettings {
  readonly baseURL: string;
  readonly apiKey: string;
  readonly defaultHeaders: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
  /** Retries happen in `fetch`. */
  readonly maxRetries: 0;
  /** Above every limit of ours, in milliseconds. */
  readonly timeout: number;
}

/** How an OpenAI client's requests are made. */
export interface SdkOptions extends Omit<CallOptions, 'onSent'> {
  readonly model: string;
  /** Told of every error before the SDK wraps it. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Whether calls can be made: a key is there and the settings name a host. */
export interface DashscopeReadiness {
  readonly ready: boolean;
  readonly detail: string;
  readonly hint?: string | undefined;
}

/**
 * Model Studio for one key and one host. Paths are whole, as in `paths`. Every call rejects with a `DubError` whose
 * message ends with the request id. A body with an `oss://` URL gets the header that resolves it.
 */
export interface DashscopeClient {
  /** Where everything goes, without scheme: `dashscope.aliyuncs.com`. */
  readonly host: string;
  /** As --dashscope-region names it; undefined for a host of one's own choice that names none. */
  readonly region: string | undefined;
  /** Tells keys apart without telling the key: 12 hexadecimal digits. Uploads and tasks belong to one account. */
  readonly account: string;
  /** What was odd in the settings and has been put right. */
  readonly warnings: readonly string[];
  /** Asks nobody: it looks at the settings only. */
  ready(): DashscopeReadiness;
  /** Sets the rates and places of a model, for all clients of this key and host. */
  limit(model: string, rates: ServiceRates): Promise<void>;
  get<T>(path: string, schema: Schema<T>, signal: AbortSignal, options?: CallOptions): Promise<DashscopeReply<T>>;
  /** Starts paid work: repeated only when the service says that it did not take it on. */
  post<T>(
    path: string,
    body: object,
    schema: Schema<T>,
    signal: AbortSignal,
    options?: CallOptions,
  ): Promise<DashscopeReply<T>>;
  /** The events of an answer, each validated; an error event ends it with a `DubError`. `[DONE]` is left out. */
  stream<T>(
    path: string,
    body: object,
    schema: Schema<T>,
    signal: AbortSignal,
    options?: CallOptions,
  ): AsyncGenerator<DashscopeReply<T>, void, undefined>;
  /** Submits an asynchronous task. */
  submit(path: string, body: object, signal: AbortSignal, options: SubmitOptions): Promise<SubmittedTask>;
  /**
   * Waits for a task's end. Never submits anything, and outlives 429, 5xx and broken connections until the deadline.
   * A task that failed is returned, since some failures are results (no speech): pass it to `taskError`.
   * @param schema validates the whole answer of a task that succeeded
   * @throws `PROVIDER_TIMEOUT` at the deadline, `PROVIDER_BAD_REPLY` when the task is unknown or was cancelled
   */
  poll<T>(taskId: string, schema: Schema<T>, signal: AbortSignal, options: PollOptions): Promise<FinishedTask<T>>;
  /** The error of a task or sub-task that failed. */
  taskError(code: string | undefined, message: string | undefined, requestId: string | undefined): DubError;
  /** Puts a file into temporary storage for 48 hours, for calls of this model by this account only. */
  upload(path: string, request: UploadRequest, signal: AbortSignal): Promise<UploadedFile>;
  /** Fetches a result link without credentials; links of Aliyun's own storage over https. */
  download(url: string, options: DownloadOptions & { readonly toPath: string }): Promise<DownloadedFile>;
  download(url: string, options: DownloadOptions): Promise<Download>;
  /** What an OpenAI client needs for the compatible mode. */
  sdk(options: SdkOptions): Promise<SdkSettings>;
}
