// What a real push service would not accept (RFC 8030, 8188, 8292).

import { createPublicKey, verify } from 'node:crypto';

const URGENCIES = ['very-low', 'low', 'normal', 'high'];

/** What every push service accepts (RFC 8030 section 7.2); more, some do not. */
export const LARGEST_BODY = 4096;

/** Firefox pads the key that it registers with; the authorization header does not (RFC 8292 section 3.2). */
export const unpadded = (base64url) => base64url.replace(/=+$/, '');

/** Why this request for a subscription made with `subscribedKey` is refused; undefined where it is not. */
export function faultOf({ method, headers }, body, origin, subscribedKey) {
  if (method !== 'POST') return `${method} is not POST`;
  if (!/^\d+$/.test(headers.ttl)) return 'no TTL (RFC 8030 section 5.2)';
  if (!URGENCIES.includes(headers.urgency)) return 'no Urgency (RFC 8030 section 5.3)';
  if (!/^[\w-]{1,32}$/.test(headers.topic ?? 'none')) return 'a bad Topic (RFC 8030 section 5.4)';
  const encoding = headers['content-encoding'];
  if (body.length && encoding !== 'aes128gcm') return 'not aes128gcm (RFC 8188)';
  if (!body.length && encoding) return 'an encoding of nothing';
  const [, token, key] = headers.authorization?.match(/^vapid t=([^,\s]+),\s*k=(\S+)$/) ?? [];
  if (!token) return 'no vapid authorization (RFC 8292 section 3)';
  if (key !== subscribedKey) return 'signed with another key than subscribed with (RFC 8292 section 4.2)';
  return faultOfToken(token, key, origin);
}

function faultOfToken(token, key, origin) {
  const [header, claims, signature] = token.split('.');
  const point = Buffer.from(key, 'base64url');
  const jwk = {
    kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url'),
  };
  const publicKey = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
  if (!verify('sha256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))) {
    return 'the signature is wrong';
  }
  const { aud, exp } = JSON.parse(Buffer.from(claims, 'base64url'));
  const now = Date.now() / 1000;
  if (aud !== origin) return `aud is ${aud}, not ${origin}`;
  if (typeof exp !== 'number' || exp < now || exp > now + 86_400) return 'exp is not within the next 24 hours';
  return undefined;
}
