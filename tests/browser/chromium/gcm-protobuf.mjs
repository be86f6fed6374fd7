// As much of the protobuf encoding as Google's check-in and MCS need: a message is a list of `[field, value]`.

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;

/** Numbers become varints, BigInts fixed64, text and bytes length-delimited. */
export function encode(fields) {
  return Buffer.concat(fields.flatMap(([field, value]) => {
    if (typeof value === 'number') return [varint(field * 8 + VARINT), varint(value)];
    if (typeof value === 'bigint') return [varint(field * 8 + FIXED64), fixed64(value)];
    const bytes = Buffer.from(value);
    return [varint(field * 8 + BYTES), varint(bytes.length), bytes];
  }));
}

/** field → its values in order: numbers, or bytes. Chromium sends no fixed64 in MCS. */
export function decode(message) {
  const fields = new Map();
  for (let at = 0; at < message.length;) {
    const key = readVarint(message, at);
    const value = readValue(message, key.end, key.value & 7);
    const field = key.value >> 3;
    fields.set(field, [...fields.get(field) ?? [], value.value]);
    at = value.end;
  }
  return fields;
}

function readValue(message, at, type) {
  if (type === VARINT) return readVarint(message, at);
  if (type !== BYTES) throw new Error(`a protobuf field of wire type ${type} at byte ${at}`);
  const { value: length, end } = readVarint(message, at);
  return { value: message.subarray(end, end + length), end: end + length };
}

export function varint(number) {
  const bytes = [];
  for (; number > 127; number = Math.floor(number / 128)) bytes.push(number % 128 + 128);
  return Buffer.from([...bytes, number]);
}

/** `{ value, end }`, or nothing where the bytes end before the number does. */
export function readVarint(bytes, at) {
  for (let value = 0, factor = 1; at < bytes.length; factor *= 128) {
    const byte = bytes[at++];
    value += byte % 128 * factor;
    if (byte < 128) return { value, end: at };
  }
  return undefined;
}

function fixed64(number) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(number);
  return bytes;
}
