import { describe, expect, it } from 'vitest'
import { didYouMean, editDistance, suggest } from '../../../src/compiler/text/suggest.ts'

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['kitten', 'sitting', 3],
    ['', 'ab', 2],
  ])('of %j and %j is %d', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance)
    expect(editDistance(b, a)).toBe(distance)
  })
})

describe('suggest', () => {
  it('finds a swapped, missing or wrongly cased letter', () => {
    expect(suggest('Monye', ['Order', 'Money'])).toBe('Money')
    expect(suggest('strin', ['i32', 'string'])).toBe('string')
    expect(suggest('String', ['strings', 'string'])).toBe('string')
  })

  it('stays silent when nothing is near', () => {
    expect(suggest('Foo', ['Quux', 'Order'])).toBeUndefined()
    expect(suggest('a', ['b'])).toBeUndefined()
    expect(didYouMean('x'.repeat(1000), ['y'])).toBeUndefined()
  })

  it('makes a sentence', () => {
    expect(didYouMean('Monye', ['Money'])).toBe("did you mean 'Money'?")
  })
})
