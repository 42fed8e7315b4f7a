import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import { strongEtag } from '../etag.ts'

/** A file held in memory as it is sent; `brotli` is there when it is smaller than `bytes`. */
export interface Asset {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly type: string
  /** Strong: a digest of the bytes. */
  readonly etag: string
  readonly brotli?: Uint8Array<ArrayBuffer>
}

/** Done at each start: quality 9 takes a seventh of the time of 11, for 8 % more bytes. */
const QUALITY = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }

/** Digests and compresses a file once, so that no request has to. */
export async function toAsset(type: string, bytes: Buffer<ArrayBuffer>): Promise<Asset> {
  const brotli = await promisify(brotliCompress)(bytes, QUALITY)
  const asset = { bytes, type, etag: strongEtag(bytes) }
  return brotli.length < bytes.length ? { ...asset, brotli: Buffer.from(brotli) } : asset
}
