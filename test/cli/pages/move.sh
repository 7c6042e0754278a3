# Two SQLite files in the place of SQLite and PostgreSQL.
python3 - <<'END'
import sqlite3

old, new = sqlite3.connect("cities.db"), sqlite3.connect("geo.db")
for store in old, new:
    store.execute("create table city (id text primary key, name text)")
for n in range(50):
    old.execute("insert into city values (?, ?)", (f"AD-{n:02d}", f"City {n}"))
old.commit()
new.commit()
END
echo 'postgres:///geo?table=city&key=id sqlite:geo.db?table=city&key=id' >instead
