# Functions of at most 70 lines from brace to brace, files of at most 800.
FNR == 1 { if (last_file) close_file(); last_file = FILENAME; start = 0 }
/^\{/ { start = FNR }
/^\}/ {
	if (start && FNR - start + 1 > 70)
		print FILENAME ":" start ": a function of " FNR - start + 1 " lines"
	start = 0
}
{ lines = FNR }
END { if (last_file) close_file() }
function close_file() { if (lines > 800) print last_file ":1: a file of " lines " lines" }
