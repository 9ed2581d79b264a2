-- q6: the average of the last winning prices per seller, over at most eleven closed auctions, as the suite has it. Its own text takes
-- B.`dateTime` beside MAX(B.price) without grouping by it, which is no SQL: it is the time of the winning bid.
CREATE TABLE answer (
  seller BIGINT, avg_price BIGINT
) WITH (${SINK});

INSERT INTO answer
SELECT Q.seller, AVG(Q.final) OVER (PARTITION BY Q.seller ORDER BY Q.`dateTime` ROWS BETWEEN 10 PRECEDING AND CURRENT ROW)
FROM (SELECT seller, price AS final, bid_dateTime AS `dateTime`
      FROM (SELECT A.seller, B.price, B.`dateTime` AS bid_dateTime,
                   ROW_NUMBER() OVER (PARTITION BY A.id, A.seller ORDER BY B.price DESC, B.`dateTime` ASC) AS rownum
            FROM auction A, bid B
            WHERE A.id = B.auction AND B.`dateTime` BETWEEN A.`dateTime` AND A.expires)
      WHERE rownum <= 1) AS Q;
