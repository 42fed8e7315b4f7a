/**
 * For a barcode scanner, which types and presses Enter: Enter in the barcode looks the item up, or
 * goes on to the next field where nobody can be asked; Enter in any other field saves.
 */
const form = document.querySelector('[data-item-form]')
const { barcode, title, save } = form.elements

form.addEventListener('keydown', (event) => {
  const { target } = event
  if (event.key !== 'Enter' || event.isComposing) return
  if (!(target instanceof HTMLInputElement) || target.type === 'file') return
  event.preventDefault()
  if (target !== barcode) save.click()
  else if (form.elements.action) form.elements.action.click()
  else title.focus()
})

// What stands in the field gives way to the next scan, whether the cursor is there already or not.
barcode.addEventListener('focus', () => barcode.select())
if (document.activeElement === barcode) barcode.select()

// A look-up may take some seconds: the button shows that it is under way, until the page is back.
const busy = (button, isBusy) => button?.setAttribute('aria-busy', String(isBusy))
form.addEventListener('submit', ({ submitter }) => busy(submitter, true))
addEventListener('pageshow', () => {
  for (const button of form.querySelectorAll('[aria-busy]')) busy(button, false)
})
