# examples/cities: what its README says is so.
. "$(dirname "$0")/lib.sh"
cp -r "$source/examples/cities" cities
cd cities || exit 1

begin "the sample goes up, numbers in one place"
run convert -q -c . --to 2.0.0 sample.ndjson
expect_code 0
expect_lines out 51
expect_out_has "$(sed -n '/^{"_id":"city@2/p' README.md)"

begin "and back, byte for byte"
"$program" convert -q -c . --to 2.0.0 sample.ndjson >up
run convert -q -c . --to 1.0.0 up
expect_code 0
expect_out_file sample.ndjson

begin "check proves the lens, and finds what JavaScript cannot hold"
run check . --seed 1
expect_code 0
expect_out ''
sed -i 's/, "multipleOf": 0.00001//' schemas/city/2.0.0.json
run check . --seed 1
expect_code 3
expect_out_has 'JavaScript cannot hold the number'
cp "$source/examples/cities/schemas/city/2.0.0.json" schemas/city/

begin "both versions are valid"
run validate -q -c . sample.ndjson up
expect_code 0

begin "a place beyond the poles is not"
sed '1s/42.53176/92.53176/' up >beyond
run validate -q -c . beyond
expect_code 3

export CHESTERFIELD_STORE=sqlite:$PWD/cities.db
odd='{"_id":"city@1:XX-0-1","country":"XX","name":"Zero","admin1":"0","admin2":"","lat":"42.50","lng":"-0.10"}'

begin "in a store each city gets its other version"
echo "$odd" | cat sample.ndjson - >all
run docs put all
expect_code 0
run run --once -q -c .
expect_code 0
run docs list --prefix city@2:
expect_lines out 52
run docs get city@2:XX-0-1
expect_out_has '"location":{"lat":42.5,"lng":-0.1}'

begin "an edit of the name leaves the digits alone"
"$program" docs get city@2:XX-0-1 | sed 's/Zero/Null/' | "$program" docs put >put
run run --once -q -c .
run docs get city@1:XX-0-1
expect_out_has '"name":"Null","admin1":"0","admin2":"","lat":"42.50","lng":"-0.10"'

begin "an edit of a number changes that text only"
"$program" docs get city@2:XX-0-1 | sed 's/42.5/43.25/' | "$program" docs put >put
run run --once -q -c .
run docs get city@1:XX-0-1
expect_out_has '"lat":"43.25","lng":"-0.10"'

finish
