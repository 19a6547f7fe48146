import { DubError } from '../../../errors.js';
import type { Classify, Judgement } from '../../../net/judge.js';

/** Reads the errors of S3 (Amazon S3 API reference, error responses): XML with a code and a message. */
export function createClassifier(bucket: string): Classify {
  return (status, _, body) => {
    if (status < 400) return undefined;
    const field = (name: string) => new RegExp(`<${name}>([^<]{0,300})</${name}>`).exec(body.text)?.[1] ?? '';
    const code = field('Code');
    const said = field('Message');
    const words = `${code === '' ? status : code}${said === '' ? '' : `: ${said}`}`;
    return judge(status, code, words, bucket);
  };
}

function judge(status: number, code: string, words: string, bucket: string): Judgement | undefined {
  const final = (kind: DubError['code'], message: string, hint: string) => ({
    error: new DubError(kind, message, { hint }),
    retryable: false,
  });
  if (code === 'SlowDown' || status === 503 || status === 429) {
    const hint = 'The same command resumes.';
    return {
      error: new DubError('PROVIDER_BUSY', `The S3 store takes no more requests now (${words}).`, {
        hint,
        retryable: true,
      }),
      retryable: true,
      notAccepted: true,
    };
  }
  if (code === 'RequestTimeTooSkewed') {
    return final(
      'PROVIDER_AUTH',
      `The S3 store finds the clock of this machine wrong (${words}).`,
      'Set the clock, then run the same command again.',
    );
  }
  if (code === 'NoSuchBucket') {
    return final(
      'CONFIG_INVALID',
      `There is no bucket ${bucket} at the S3 store.`,
      'Make it, or name another: --store s3:BUCKET.',
    );
  }
  if (status === 401 || status === 403) {
    return final(
      'PROVIDER_AUTH',
      `The S3 store refused the key (${words}).`,
      'Check the key, its secret, the region (auto on R2), and that the key may write into the bucket.',
    );
  }
  if (code === 'BadDigest' || code === 'IncompleteBody') {
    return {
      error: new DubError('PROVIDER_BAD_REPLY', `The file did not arrive whole at the S3 store (${words}).`, {
        hint: 'The same command sends it again.',
        retryable: true,
      }),
      retryable: true,
    };
  }
  if (code === 'EntityTooLarge') {
    return final(
      'PROVIDER_UNSUPPORTED',
      `The file is too large for the S3 store (${words}).`,
      'Choose another store with --store.',
    );
  }
  return status >= 500
    ? undefined
    : final('PROVIDER_REFUSED', `The S3 store refused (${words}).`, 'Check the endpoint and the bucket.');
}
