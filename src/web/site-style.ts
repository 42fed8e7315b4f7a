import { contrast, mix, READABLE } from '../colour.ts'

/** The ground of Pico's dark pages. */
const DARK_GROUND = '#13171f'

/**
 * The style sheet that puts the library's colour in place of ours. The setting is readable on
 * white; for dark pages a lighter shade of it is made.
 *
 * @param accent `#rrggbb`
 */
export function siteStyle(accent: string): string {
  const light = lighterUntilReadable(accent, DARK_GROUND)
  return `:root:not([data-theme="dark"]) {
${variables({ text: accent, hover: mix(accent, '#000000', 0.25), button: accent })}
}
@media (prefers-color-scheme: dark) {
  :root:not([data-theme]) {
${variables({ text: light, hover: mix(light, '#ffffff', 0.4), button: accent })}
  }
}
`
}

function variables({ text, hover, button }: { text: string; hover: string; button: string }) {
  const pressed = mix(button, '#000000', 0.25)
  return `  --accent: ${text};
  --pico-primary-background: ${button};
  --pico-primary-border: ${text};
  --pico-primary-hover: ${hover};
  --pico-primary-hover-background: ${pressed};
  --pico-primary-hover-border: ${hover};
  --pico-primary-focus: ${text}66;`
}

function lighterUntilReadable(colour: string, ground: string): string {
  let shade = colour
  for (let share = 0; contrast(shade, ground) < READABLE + 1; share += 0.05) {
    shade = mix(colour, '#ffffff', share)
  }
  return shade
}
