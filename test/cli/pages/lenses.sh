# A script that keeps no note: GetPut is broken.
mkdir -p planted/schemas/t planted/lenses/t
echo 'name: planted' >planted/catalog.yaml
cat >planted/schemas/t/1.0.0.json <<'END'
{"version": "1.0.0", "type": "object", "additionalProperties": false,
 "properties": {"title": {"type": "string"}, "isDone": {"type": "boolean"}}, "required": ["isDone"]}
END
cat >planted/schemas/t/2.0.0.json <<'END'
{"version": "2.0.0", "type": "object", "additionalProperties": false,
 "properties": {"title": {"type": "string"}, "status": {"enum": ["active", "blocked", "done"]}, "note": {"type": "string"}},
 "required": ["status", "note"]}
END
cat >planted/lenses/t/1-2.yaml <<'END'
from: t@1
to: t@2
lens:
  - script:
      reads: [isDone]
      writes: [status, note]
      up: 'function (older) { return {status: older.isDone ? "done" : "active", note: ""}; }'
      down: 'function (newer) { return {isDone: newer.status === "done"}; }'
END
