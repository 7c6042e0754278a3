# 5,210 airports as those of the data set: the same members and kinds, made up.
python3 - >airports.ndjson <<'END'
import json

regions = ["EU", "OC", "AF", "AS", "NA", "SA", "AN"]
for n in range(5210):
    large = n >= 4747
    airport = {"_id": str(12243 + n) if n else "12243", "ident": "5A8" if n == 0 else f"X{n:04d}",
               "type": "large_airport" if large else "medium_airport",
               "name": "Aleknagik / New Airport" if n == 0 else f"Airport {n}",
               "latitude_deg": "59.2826004028" if n == 0 else f"{n / 100:.4f}",
               "elevation_ft": 66 + n % 5000, "continent": regions[n % 7]}
    if n % 3:
        airport["iata_code"] = f"{n % 1000:03d}"
    airport["scheduled_service"] = "no" if n < 1961 else "yes"
    print(json.dumps(airport, separators=(",", ":")))
END
