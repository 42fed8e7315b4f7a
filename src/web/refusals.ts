import type { EpochMs } from '../clock.ts'
import type { BarcodeChange } from '../items/change-barcode.ts'
import type { Lengthening } from '../loans/desk.ts'
import type { Decision } from '../loans/rules.ts'
import type { Words } from './words.ts'

/** Every "no" that the web gives. A new kind does not compile until it has a status and words. */
export type Refused =
  | Exclude<Decision, { kind: 'available' } | { kind: 'on-loan-to-you' }>
  | { readonly kind: 'notice-not-accepted' }
  | Exclude<Lengthening, { kind: 'lengthened' }>
  | { readonly kind: 'not-signed-in' }
  | { readonly kind: 'not-trusted' }
  | { readonly kind: 'bad-identity' }
  | { readonly kind: 'not-staff' }
  | { readonly kind: 'not-on-loan' }
  | { readonly kind: 'cannot-be-ready'; readonly why: string }
  | { readonly kind: 'nothing-to-preview'; readonly why: string }
  | Exclude<BarcodeChange, { kind: 'changed' } | { kind: 'unknown-item' }>
  | { readonly kind: 'list-gone' }
  | { readonly kind: 'still-on-loan'; readonly loans: number; readonly until: EpochMs }
  | { readonly kind: 'not-processed-here' }
  | { readonly kind: 'other-site' }
  | { readonly kind: 'not-demonstration-host' }
  | { readonly kind: 'bad-address' }
  | { readonly kind: 'address-too-long' }
  | { readonly kind: 'no-such-range' }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'wrong-method' }
  | { readonly kind: 'bad-form'; readonly why: string }
  | { readonly kind: 'not-a-form' }
  | { readonly kind: 'form-too-large' }
  | { readonly kind: 'bad-image-request'; readonly why: string }
  | { readonly kind: 'image-too-large' }
  | { readonly kind: 'no-such-image' }
  | { readonly kind: 'images-unavailable'; readonly status: 502 | 503 | 504 }
  | { readonly kind: 'too-fast'; readonly retryAfterS: number }
  | { readonly kind: 'cannot-record' }
  | { readonly kind: 'fault' }

export interface RefusalWords {
  readonly status:
    | 400
    | 401
    | 403
    | 404
    | 405
    | 409
    | 413
    | 414
    | 415
    | 416
    | 429
    | 500
    | 502
    | 503
    | 504
  readonly title: string
  readonly message: string
}

/** The one place where a refusal becomes a status and words that a person can act on. */
export function refusalWords(refused: Refused, now: EpochMs, words: Words): RefusalWords {
  const when = (at: EpochMs) => words.when(at, now)
  switch (refused.kind) {
    case 'unknown-item':
      return say(
        404,
        'No such item',
        'The library lends no item with this barcode. Check the link, or ask the library.',
      )
    case 'not-ready':
      return say(409, 'Not available', 'This item is not available for loan at the moment.')
    case 'too-soon':
      return say(
        409,
        'Not yet',
        `You had this item on loan not long ago. You can borrow it again ${when(refused.from)}.`,
      )
    case 'other-item-on-loan':
      return say(
        409,
        'One item at a time',
        `You have another item on loan until ${when(refused.dueAt)}. Return it first, then borrow this one.`,
      )
    case 'no-copies-left':
      return say(
        409,
        'All copies on loan',
        refused.nextDueAt === undefined
          ? 'No copy of this item is being lent at the moment.'
          : `All copies are on loan. The next one is available ${when(refused.nextDueAt)} at the latest.`,
      )
    case 'clock-back':
      return say(
        503,
        'No new loans just now',
        'The clock of this server is wrong, so nothing new can be lent. Running loans go on. Please tell the library.',
      )
    case 'notice-not-accepted':
      return say(400, 'Copyright notice', 'Accept the copyright notice to start the loan.')
    case 'loan-over':
      return say(
        409,
        'This loan is over',
        'The loan has ended, or there is none with this number. Nothing was changed.',
      )
    case 'due-changed':
      return say(
        409,
        'Already lengthened',
        `Since this page was shown, the loan was lengthened: it is due ${when(refused.dueAt)}. Nothing more was changed.`,
      )
    case 'more-loans-than-copies':
      return say(
        409,
        'Not lengthened',
        'More loans of this item run than copies are off the shelf, so none of them may last longer.',
      )
    case 'loan-too-long':
      return say(
        409,
        'Not lengthened',
        `A loan lasts a year (8760 hours) at most: this one until ${when(refused.latestDueAt)}.`,
      )
    case 'not-signed-in':
      return say(
        401,
        'Please sign in',
        'Your sign-in did not reach us. Open the page again through your institution’s sign-in; if that does not help, ask the library.',
      )
    case 'not-trusted':
      return say(
        403,
        'Not allowed',
        'This sign-in did not come from the library’s own sign-in server.',
      )
    case 'bad-identity':
      return say(
        400,
        'Sign-in not understood',
        'The sign-in name that reached us is not one that this server accepts. Please tell the library.',
      )
    case 'not-staff':
      return say(403, 'For library staff', 'This page is for the library’s staff.')
    case 'not-on-loan':
      return say(
        403,
        'Not on loan to you',
        'You do not have this item on loan, or the loan has ended.',
      )
    case 'cannot-be-ready':
      return say(409, 'Not ready', `This item cannot be made ready: ${refused.why}.`)
    case 'nothing-to-preview':
      return say(409, 'Nothing to preview', `This item cannot be shown: ${refused.why}.`)
    case 'barcode-taken':
      return say(409, 'Barcode taken', 'There is an item with this barcode already.')
    case 'barcode-of-removed-item':
      return say(
        409,
        'Barcode of a removed item',
        'An item with this barcode was removed, and its past loans are kept under it. To have that item back, add the barcode again.',
      )
    case 'item-on-loan':
      return say(
        409,
        'On loan',
        `The barcode cannot be changed while the item is on loan: until ${when(refused.until)}, unless readers return it sooner.`,
      )
    case 'file-in-the-way':
      return say(
        409,
        'File in the way',
        `There is a file for this barcode already, ${refused.path}: move it away first, or ask whoever runs the server.`,
      )
    case 'scans-in-work':
      return say(
        409,
        'Scans in work',
        'The barcode cannot be changed while the scans of the item wait for conversion or are being converted.',
      )
    case 'list-gone':
      return say(
        404,
        'List not kept any more',
        'Lists are kept for a day, or until the server is started anew. Upload it again: items that were added are told as such.',
      )
    case 'still-on-loan':
      return say(
        409,
        'Still on loan',
        `${refused.loans === 1 ? '1 loan of this item still runs,' : `${refused.loans} loans of this item still run, the last`} until ${when(refused.until)}. End ${refused.loans === 1 ? 'it' : 'them'} now, or wait until then.`,
      )
    case 'not-processed-here':
      return say(
        409,
        'Not processed from here',
        'This library does not process scans from this page: the setting PROCESS_DIR is empty.',
      )
    case 'other-site':
      return say(
        403,
        'Not allowed',
        'This request did not come from a page of this site. Go back to the page, load it again and try once more.',
      )
    case 'not-demonstration-host':
      return say(
        403,
        'Demonstration only',
        'The demonstration answers only on this machine, at localhost or 127.0.0.1.',
      )
    case 'bad-address':
      return say(
        400,
        'Bad address',
        'This address has characters in it that no page here has. Check the link.',
      )
    case 'address-too-long':
      return say(414, 'Address too long', 'No page here has an address that long.')
    case 'no-such-range':
      return say(416, 'No such part', 'This file is shorter than the part that was asked for.')
    case 'not-found':
      return say(
        404,
        'Page not found',
        'There is no page at this address. Check the link, or start from the first page.',
      )
    case 'wrong-method':
      return say(405, 'Not possible', 'This address cannot be used in this way.')
    case 'bad-form':
      return say(
        400,
        'Form not understood',
        `${refused.why} Go back, check what was entered and send it again.`,
      )
    case 'not-a-form':
      return say(415, 'Form not understood', 'Only ordinary forms are accepted here.')
    case 'form-too-large':
      return say(413, 'Too much', 'What was sent is larger than a form of this page can be.')
    case 'bad-image-request':
      return say(400, 'Not an image request', refused.why)
    case 'image-too-large':
      return say(403, 'Too large', 'Pages on loan are sent as tiles and small views only.')
    case 'no-such-image':
      return say(404, 'No such image', 'This item has no such image.')
    case 'images-unavailable':
      return say(
        refused.status,
        'Images unavailable',
        'The page images cannot be reached just now. Try again in a moment.',
      )
    case 'too-fast':
      return say(
        429,
        'Too fast',
        `Pages of this loan are asked for faster than people read. Go on ${inSeconds(refused.retryAfterS)}.`,
      )
    case 'cannot-record':
      return say(
        503,
        'Nothing can be recorded just now',
        'The server cannot write to its database at the moment, so nothing was changed. Try again in a moment; reading goes on.',
      )
    case 'fault':
      return say(
        500,
        'Something went wrong',
        'The fault is ours and has been noted. Try again; if it stays, tell the library and name the number below.',
      )
  }
}

function say(status: RefusalWords['status'], title: string, message: string): RefusalWords {
  return { status, title, message }
}

function inSeconds(seconds: number): string {
  if (seconds < 60) return seconds === 1 ? 'in a second' : `in ${seconds} seconds`
  const minutes = Math.ceil(seconds / 60)
  return minutes === 1 ? 'in a minute' : `in ${minutes} minutes`
}
