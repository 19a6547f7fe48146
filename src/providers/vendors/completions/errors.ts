import { z } from 'zod';
import { DubError } from '../../../errors.js';
import type { Classify, Judgement } from '../../../net/judge.js';

/** What errors are told with. */
export interface ErrorSituation {
  readonly name: string;
  readonly keyHint: string;
}

/** `{"error": {"code", "message", "type"}}`; codes are numbers in strings at Zhipu, plain numbers elsewhere. */
const errorBody = z.looseObject({
  error: z.looseObject({
    code: z.union([z.string(), z.number()]).nullish(),
    message: z.string().nullish(),
    type: z.string().nullish(),
  }),
});

const resumes = 'The same command resumes.';

/** Zhipu's business codes (bigmodel docs): 1000 to 1004 the key, 1113 no balance, 1302 and 1305 too much at once. */
const keyCodes = /^100[0-4]$/;
const busyCodes = /^(1302|1303|1305|rate_limit_exceeded)$/;
const moneyCodes = /^(1113|insufficient_quota|insufficient_balance)$/;

/** Reads the errors of services that are shaped like OpenAI's. */
export function createClassifier({ name, keyHint }: ErrorSituation): Classify {
  return (status, _, body) => {
    const read = errorBody.safeParse(body.json);
    if (status < 400 && !read.success) return undefined;
    const { code = '', message = '', type = '' } = read.success ? read.data.error : {};
    const said = [code, type].map(String).find((part) => part !== '' && part !== 'null') ?? String(status);
    const words = `${said}${message ? `: ${message}` : ''}`;
    return judge(status, String(code ?? ''), words, { name, keyHint }) ?? undefined;
  };
}

function judge(status: number, code: string, words: string, { name, keyHint }: ErrorSituation): Judgement | undefined {
  const final = (kind: DubError['code'], message: string, hint: string): Judgement => ({
    error: new DubError(kind, message, { hint }),
    retryable: false,
  });
  if (status === 402 || moneyCodes.test(code) || /insufficient (balance|quota)/i.test(words)) {
    return final(
      'PROVIDER_QUOTA',
      `The account at ${name} is used up (${words}).`,
      `Top it up, then run the same command again.`,
    );
  }
  if (status === 401 || status === 403 || keyCodes.test(code)) {
    return final('PROVIDER_AUTH', `${name} refused the key (${words}).`, keyHint);
  }
  if (status === 429 || status === 503 || busyCodes.test(code)) {
    const error = new DubError('PROVIDER_BUSY', `${name} takes no more requests now (${words}).`, {
      hint: resumes,
      retryable: true,
    });
    return { error, retryable: true, notAccepted: true };
  }
  if (status === 404) {
    return final(
      'PROVIDER_REFUSED',
      `${name} does not know the model or the address (${words}).`,
      'Check the model and the base URL.',
    );
  }
  if (status >= 500) return undefined;
  return final('PROVIDER_REFUSED', `${name} refused (${words}).`, 'The service does not take this request as it is.');
}
