import { test } from 'tap'
import { serializers } from '../../server/serializers.ts'

const object = (properties: object) => ({ type: 'object', properties })
const text = { type: 'string' }

const Pet = { $id: 'Pet', ...object({ name: text, owner: { $ref: 'Owner#' } }) }
const Owner = { $id: 'Owner', ...object({ name: text, pets: { type: 'array', items: { $ref: 'Pet#' } } }) }

/** What is made of an answer that has this schema. */
const answer = (schema: object) => ({ method: 'GET', url: '/', httpStatus: '200', schema })

test('an answer is made by all that its schema refers to, also where that leads back', async (t) => {
  const compile = serializers()({ Pet, Owner })
  const rex = { name: 'Rex', owner: { name: 'Ada', pets: [{ name: 'Tom' }] } }
  const serialize = compile(answer(object({ pet: { $ref: 'Pet#' } })))
  t.same(JSON.parse(serialize({ pet: rex })), { pet: rex })
  t.same(JSON.parse(compile(answer({ $ref: 'Pet#' }))({ ...rex, hash: 'x' })), rex, 'and no more than that')
})

test('a schema that refers to one that is not there is found when it is compiled', async (t) => {
  t.throws(() => serializers()({ Pet })(answer({ $ref: 'Pet#' })), /Owner#/)
  t.throws(() => serializers()()(answer({ $ref: 'Pet#' })), /Pet#/)
})

test('equal answers share a serializer, unless a name in them stands for something else', async (t) => {
  const compilers = serializers()
  const ref = { $ref: 'Owner#' }
  const first = compilers({ Pet, Owner })(answer(ref))
  t.equal(compilers({ Owner, Pet, Other: { $id: 'Other', ...text } })(answer({ ...ref })), first)
  const other = compilers({ Pet, Owner: { $id: 'Owner', ...object({ age: { type: 'integer' } }) } })(
    answer(ref)
  )
  t.equal(first({ name: 'Ada', age: 36 }), '{"name":"Ada"}')
  t.equal(other({ name: 'Ada', age: 36 }), '{"age":36}')
})
