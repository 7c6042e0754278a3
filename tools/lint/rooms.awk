# Rooms are floors: a file includes its own room and the doors of lower ones. A door is
# the header that has the name of its room. sync and move do not know each other.
BEGIN {
	n = split("base json schema lens catalog store state sync move serve cli", rooms, " ")
	for (i = 1; i <= n; i++) floor[rooms[i]] = i
}
FNR == 1 { split(FILENAME, path, "/"); own = path[2] }
/^#[ \t]*include "/ {
	split($0, quoted, "\"")
	header = quoted[2]
	split(header, part, "/")
	room = part[1]
	place = FILENAME ":" FNR ": "
	if (header !~ /\//) { print place "includes \"" header "\" without its room"; next }
	if (!(room in floor)) { print place "includes \"" header "\", which is no room"; next }
	if (room == own) next
	if (floor[room] > floor[own]) print place own " includes " room ", which stands above it"
	if ((own == "sync" && room == "move") || (own == "move" && room == "sync"))
		print place own " and " room " do not know each other"
	if (header != room "/" room ".h") print place "goes into " room " past its door: " header
}
